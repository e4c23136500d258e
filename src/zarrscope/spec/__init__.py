"""How each version of the specification writes the model down: one codec a version, one table of rules."""
