"""From target landmarks to pixels."""
