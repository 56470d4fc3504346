"""Packet-exact rendering: what no edit touches is copied as it is in the file."""
