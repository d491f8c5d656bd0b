"""What an analyst does: check, sign, open, certify."""
