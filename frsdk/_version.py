"""The version of frsdk."""

__version__ = "0.1.0"
