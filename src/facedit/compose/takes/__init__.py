"""What is made: motion is drawn into the mask, rendered, measured, marked and written."""
