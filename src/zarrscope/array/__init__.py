"""How chunks become pixels."""
