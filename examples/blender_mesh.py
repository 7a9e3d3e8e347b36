"""Put a reconstructed face into a Blender scene.

    frsdk reconstruct photo.jpg -o out
    blender --python examples/blender_mesh.py -- out/photo.0.glb

Runs inside Blender (4.2 or newer), whose Python has `bpy`; frsdk itself is not needed there.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(arguments: list[str]) -> None:
    """Import the mesh, shade it smoothly, and look at it."""
    if len(arguments) != 1:
        sys.exit("expected one mesh: blender --python examples/blender_mesh.py -- FILE.glb")
    path = Path(arguments[0])
    if not path.is_file():
        sys.exit(f"{path}: no such mesh: make it with frsdk reconstruct")
    try:
        import bpy
    except ImportError:
        sys.exit("this runs inside Blender: blender --python examples/blender_mesh.py -- FILE.glb")
    bpy.ops.import_scene.gltf(filepath=str(path))
    face = bpy.context.selected_objects[0]
    bpy.ops.object.shade_smooth()
    light = bpy.data.objects.new("key light", bpy.data.lights.new("key light", "SUN"))
    light.rotation_euler = (0.9, 0.2, 0.4)
    bpy.context.collection.objects.link(light)
    print(f"{face.name}: {len(face.data.vertices)} vertices")


if __name__ == "__main__":
    main(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else [])
