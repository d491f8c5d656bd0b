"""Files and databases that records are read from, piece by piece."""
