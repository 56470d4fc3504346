"""``facedit bench build``: from clips to a benchmark's items."""
