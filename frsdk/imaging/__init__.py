"""Photographs in, and the squares that are cut out of them."""
