"""Pictures of made-up people with exact truth: MakeHuman heads drawn with OpenGL."""
