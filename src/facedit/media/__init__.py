"""Reads and writes video and sound: streaming, by presentation time, hostile input in mind."""
