"""Training of the sync network."""
