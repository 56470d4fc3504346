"""What shall be said: from a request to a plan, and the sound of new words."""
