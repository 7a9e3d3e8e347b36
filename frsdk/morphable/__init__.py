"""The morphable face model: its arrays, its decoders, head pose."""
