"""Engines of others that speak in the speaker's voice: by a command, or by another package."""
