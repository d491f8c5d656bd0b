"""What a data officer does at the partner: mapping, checking, submitting, updating."""
