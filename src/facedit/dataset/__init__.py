"""From clips to prepared features: tracks, motion, speech, transcripts, splits."""
