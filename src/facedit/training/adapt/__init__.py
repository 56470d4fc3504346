"""Fine-tuning the shipped networks to one speaker or one clip."""
