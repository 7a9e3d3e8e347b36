"""What frsdk finds in photographs, as one JSON object: path -> faces as `Face.to_dict` has them.

Arguments: the built-in weights, and the photographs.
"""

import json
import sys

from frsdk import FaceReconstructor, read_image

weights, *paths = sys.argv[1:]
with FaceReconstructor(weights=weights) as reconstruct:
    found = {path: [face.to_dict() for face in reconstruct(read_image(path))] for path in paths}
json.dump(found, sys.stdout)
