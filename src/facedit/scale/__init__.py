"""Independent items over this process, local processes or a Ray cluster, by one option."""
