"""Faces over HTTP: an application of Ray Serve."""
