"""What a partner has sent before, so that an update sends only what changed."""
