"""Runs at the agency, and is the only code that ever sees a name: read, clean, tokenise, seal."""
