"""Training of the face detector: scenes, losses and the loop."""
