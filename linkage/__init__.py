"""From a partner's file to tokens (`linkage.partner`), and from tokens to people (`linkage.central`)."""
