"""Words as text: transcripts of every format, and how words are pronounced."""
