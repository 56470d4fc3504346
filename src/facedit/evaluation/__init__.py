"""Infilled motion against the truth, and against baselines."""
