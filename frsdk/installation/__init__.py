"""What is installed: the files in the package, and the optional packages around it."""
