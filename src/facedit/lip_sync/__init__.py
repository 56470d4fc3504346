"""Do lips and speech go together: a network, a distance, an offset."""
