"""What all training shares: state that resumes exactly, logs, processes, the dashboard."""
