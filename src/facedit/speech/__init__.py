"""Speech: features for the model, words and their times, voices, and snippets for edits."""
