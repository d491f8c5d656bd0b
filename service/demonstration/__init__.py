"""Five made-up agencies play the whole journey."""
