"""What a change of a network costs in accuracy, and whether it may."""
