"""Clocks, memory, limits and the things that are timed."""
