"""What a run says: accuracies, their intervals, claims and gaps."""
