"""From frames to the landmarks of one face."""
