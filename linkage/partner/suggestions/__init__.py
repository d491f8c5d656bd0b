"""Which column is probably which identifier: by its heading, and by what stands in it."""
