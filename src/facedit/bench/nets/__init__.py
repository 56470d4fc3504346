"""Small networks that measures look through: rebuilt in PyTorch, weights made by others."""
