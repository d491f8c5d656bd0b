"""Identities and the trust register."""
