"""The sculpture that the built-in face model's surface comes from."""
