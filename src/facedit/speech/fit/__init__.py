"""New sound fitted to a clip: spoken words, recordings, and what engines give back."""
