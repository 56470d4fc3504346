"""Provenance: outputs signed by C2PA with what was edited in them, and files verified."""
