"""Build, import and inspect face models."""
