"""Mesh arrays and mesh files."""
