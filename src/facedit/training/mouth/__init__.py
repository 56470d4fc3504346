"""Training of the mouth network."""
