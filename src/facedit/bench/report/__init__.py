"""Results for people: tables with intervals, plots, a page, files."""
