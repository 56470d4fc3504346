"""Builds a benchmark from clips: transcripts, sentence edits, new sounds, balance."""
