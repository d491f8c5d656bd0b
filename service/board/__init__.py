"""The ethics board: policies read, previewed, proposed, voted on and adopted."""
