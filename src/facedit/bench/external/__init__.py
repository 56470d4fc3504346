"""Standard measures whose weights the user brings: only these may carry the standard names."""
