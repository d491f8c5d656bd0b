"""The search for raw values in what is about to leave."""
