"""Accuracy protocols behind ``frsdk-eval``: readers of labelled faces, measures, reports."""
