"""The log for whoever checks it: verified, witnessed, replayed, published."""
