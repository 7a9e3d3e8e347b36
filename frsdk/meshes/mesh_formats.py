"""Which kinds of mesh files there are, and which of them hold a texture."""

from __future__ import annotations

MESH_SUFFIXES = (".glb", ".obj", ".ply", ".stl", ".3mf")
TEXTURED_SUFFIXES = (".glb", ".obj")
