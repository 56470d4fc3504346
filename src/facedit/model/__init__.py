"""The motion model: a diffusion transformer trained by flow matching to fill in masked motion."""
