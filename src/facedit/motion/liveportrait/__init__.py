"""LivePortrait's motion (Guo et al. 2024, MIT): implicit keypoints, read from a face's picture."""
