"""A face that speaks while it is spoken to: sound in, pictures out, with a bounded delay."""
