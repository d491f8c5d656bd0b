"""The public register and the annual report: what anybody may read."""
