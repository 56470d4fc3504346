"""The command line: one file per group of verbs, its words and its exit statuses."""
