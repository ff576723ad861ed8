"""How likely a face is right, and what follows: likeness, ranking, the automatic policy, reviewers' agreement."""
