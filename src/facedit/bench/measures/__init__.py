"""What is measured: a module a question, each with its formula, unit, range and source."""
