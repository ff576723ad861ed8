"""What a run leaves to be used: its trained networks, on pictures of one's own."""
