"""LivePortrait's renderer (Guo et al. 2024, MIT): a picture's features, warped and decoded."""
