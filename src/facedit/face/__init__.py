"""From frames to the landmarks of one face: which face, where its points are, how it is turned."""
