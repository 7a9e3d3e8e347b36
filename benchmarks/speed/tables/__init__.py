"""The tables that `frsdk-bench` fills."""
