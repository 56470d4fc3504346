"""The motion model's training: masks drawn over prepared clips, the flow's loss, validation."""
