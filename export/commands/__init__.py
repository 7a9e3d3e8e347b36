"""Subcommands of `frsdk-train` that make labelled crops."""
