"""What lips do on m, b, p, in silence, and over long sounds."""
