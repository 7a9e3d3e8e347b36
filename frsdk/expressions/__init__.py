"""Expressions by name: ARKit's blendshapes, closed eyes, an open mouth, and where they go."""
