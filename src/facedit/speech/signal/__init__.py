"""Measures and operations on speech as a signal: levels, pitch, colour, room."""
