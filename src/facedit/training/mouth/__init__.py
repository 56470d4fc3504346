"""The mouth network's training: canonical crops of clips, one frame drawn from others."""
