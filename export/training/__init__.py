"""Training of the parameter network."""
