"""Labelled test sets of the literature, read as faces with truth."""
