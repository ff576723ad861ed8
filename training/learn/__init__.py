"""Networks and heads at work: batches, steps, features, and when to stop."""
