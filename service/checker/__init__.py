"""What output checkers do: look at a table, attack it, vote on what is about to leave."""
