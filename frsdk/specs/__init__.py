"""The specifications that travel inside artefacts."""
