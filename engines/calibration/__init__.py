"""Ranges of activations for INT8, and what quantisation costs."""
