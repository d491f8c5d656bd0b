"""The release desk: what comes in, what is decided, what goes out."""
