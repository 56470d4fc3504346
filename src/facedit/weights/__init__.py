"""Our weights, and what is known of those that others made: lists, fetching, licences."""
