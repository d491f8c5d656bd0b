"""What is counted before anything leaves, and the advice that follows from it."""
