"""Keys that open attributes, tokens and secrets: who holds them, how they are made, shared, asked for and destroyed."""
