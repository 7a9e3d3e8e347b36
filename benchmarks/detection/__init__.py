"""Measures of face detectors."""
