"""Audio-visual sync: a small network of our own that says whether lips and speech go together."""
