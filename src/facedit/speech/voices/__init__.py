"""Voices by name, who speaks, and other people's engines."""
