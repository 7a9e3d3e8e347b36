"""Latency, counting and accuracy measurements."""
