"""The road's front: an open clip, what is asked of it, and what it answers."""
