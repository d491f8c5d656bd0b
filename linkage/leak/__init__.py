"""The leak meter: attacks on a schema's real tokens of made-up people, by an attacker who knows everything but the keys."""
