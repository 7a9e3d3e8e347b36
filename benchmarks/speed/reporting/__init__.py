"""Reports as tables, plots and comparisons."""
