"""Error measures of the literature."""
