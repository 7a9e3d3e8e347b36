"""What every training run needs around its loop: folder, log, progress, averages."""
