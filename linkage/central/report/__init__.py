"""How good a linkage is: against truth where there is one, by the model's own word where there is none."""
