"""Light, camera and OpenGL: what turns surfaces into a picture."""
