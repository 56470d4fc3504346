"""What is said, and when: recognition and forced alignment."""
