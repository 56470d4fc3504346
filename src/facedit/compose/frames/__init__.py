"""What lies under the output: canvas and mask, tracked faces, pictures and sound."""
