"""The proof of the measures: known disturbances of real clips must move them as they should."""
