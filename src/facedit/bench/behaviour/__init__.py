"""How drawn lips behave: closed on m, b, p; at rest in silence; level over long sounds."""
