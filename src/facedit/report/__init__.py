"""What a run leaves behind: ``measure`` the seams, ``run_report`` the data, ``page`` the page."""
