"""Facial motion: landmarks as standardised coefficients, and back."""
