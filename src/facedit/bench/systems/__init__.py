"""What is compared: our model at several settings, and what anyone would try first."""
