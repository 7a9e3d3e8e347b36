"""Losses on parameters, vertices and pairs of views."""
