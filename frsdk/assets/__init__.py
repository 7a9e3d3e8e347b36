"""What ships with frsdk: the built-in face model and network."""
