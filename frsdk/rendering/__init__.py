"""Pictures of faces and meshes: overlay, z-buffer, shading, colours."""
