"""Where the analysis of photographs runs."""
