"""Crops changed with exactly changed labels."""
