"""What the pipeline puts together from the stages: canvas, pictures, sound and seams."""
