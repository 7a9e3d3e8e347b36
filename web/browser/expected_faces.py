"""What frsdk finds in photographs, as one JSON object: path -> faces as `Face.to_dict` has them."""

import json
import sys

from frsdk import FaceReconstructor, read_image

with FaceReconstructor() as reconstruct:
    found = {
        path: [face.to_dict() for face in reconstruct(read_image(path))] for path in sys.argv[1:]
    }
json.dump(found, sys.stdout)
