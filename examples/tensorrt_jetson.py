"""Build an engine on a Jetson (or any NVIDIA GPU) and time it.

    python examples/tensorrt_jetson.py photo.jpg --precision fp16

Wants an NVIDIA GPU with TensorRT (docs/guide/engines.md has the lines that install it on JetPack).
The first call builds for minutes and keeps the engine in the cache; later ones load it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

from frsdk import FaceReconstructor, FrsdkError, read_image


def main() -> None:
    """Reconstruct a photograph a hundred times with the engine."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--precision", choices=("fp32", "fp16", "int8"), default="fp16")
    arguments = parser.parse_args()
    try:
        image = read_image(arguments.photo)
        with FaceReconstructor(engine=arguments.precision, backend="tensorrt") as reconstruct:
            print(reconstruct.engine)
            faces = reconstruct(image)
            if not faces:
                sys.exit(f"{arguments.photo}: no face found")
            seconds = []
            for _ in range(100):
                begin = time.perf_counter()
                reconstruct(image, rois=[face.roi for face in faces])
                seconds.append(time.perf_counter() - begin)
    except FrsdkError as error:
        sys.exit(str(error))
    print(f"{len(faces)} faces: {statistics.median(seconds) * 1e3:.2f} ms without detection")


if __name__ == "__main__":
    main()
