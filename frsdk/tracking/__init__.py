"""Faces through a stream: kept, lost, found again, smoothed."""
