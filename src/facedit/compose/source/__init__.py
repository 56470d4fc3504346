"""What is given: the clip or the picture, its moments, the weights."""
