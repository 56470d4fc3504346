"""Training of the networks, on prepared clips."""
