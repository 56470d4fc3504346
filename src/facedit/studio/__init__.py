"""The studio: a page on the user's own machine that edits a clip as one edits text."""
