"""The speaker's own voice, made of the sounds of the clip itself."""
