"""Video files and cameras: frames in, overlays and records of faces out."""
