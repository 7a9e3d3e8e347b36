"""The `frsdk` command and what its subcommands share."""
