"""What a run makes: its networks and heads, as jobs of plain data."""
