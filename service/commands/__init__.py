"""The commands of the actors, a Typer app each. Parse, one call, print."""
