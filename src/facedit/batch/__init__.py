"""Many clips at once: a list of items, worked on by several processes or machines."""
