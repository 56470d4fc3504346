"""The judges of published tables, for who has their weights: SyncNet, ArcFace, LPIPS, FVD, FID."""
