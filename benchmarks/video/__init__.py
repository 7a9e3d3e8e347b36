"""Jitter, lag and loss of tracked faces on clips with known truth."""
