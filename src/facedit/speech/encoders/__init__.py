"""What the motion model hears: speech encoders, energy and voice activity."""
