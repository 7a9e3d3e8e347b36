"""TensorRT engines: options, parser, builder."""
