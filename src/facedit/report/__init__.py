"""What a run leaves behind (``run_report``), and the kit that all pages are made with."""
