"""Labelled faces: readers, labels, fitted parameters, shards."""
