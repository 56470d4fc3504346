"""The verbs of the command line: options to functions, no logic."""
