"""Drive a rig in Blender with the expressions of a video.

    frsdk video talk.mp4 -o out --blendshapes
    blender --python examples/blender_blendshapes.py -- rig.glb out/faces.blendshapes.0.csv

The rig is a .glb, .gltf or .fbx whose shape keys have ARKit's names (jawOpen, eyeBlinkLeft, ...),
in any case. It looks toward -y, as importers leave it. Runs inside Blender (4.2 or newer), whose
Python has `bpy`; frsdk itself is not needed there.
"""

from __future__ import annotations

import csv
import statistics
import sys
from pathlib import Path

HEAD = ("HeadYaw", "HeadPitch", "HeadRoll")  # radians
USAGE = "blender --python examples/blender_blendshapes.py -- RIG.glb FACES.csv"


def read_take(path: Path) -> tuple[list[tuple[int, dict[str, float]]], float]:
    """(Frame, values by column) of each row of a take, and its frames a second."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if not rows or not {"Timecode", "JawOpen", *HEAD} <= rows[0].keys():
        sys.exit(f"{path}: not a take of frsdk video --blendshapes")
    codes = [row["Timecode"].split(":") for row in rows]  # hours, minutes, seconds, frames
    seconds = [int(h) * 3600 + int(m) * 60 + int(s) for h, m, s, _ in codes]
    within = [float(code[3]) for code in codes]
    # From one frame to the next over a second's end: so many frames were in it.
    rates = [
        within[k] + 1.0 - within[k + 1]
        for k in range(len(rows) - 1)
        if seconds[k + 1] == seconds[k] + 1
    ]
    # Frames that were dropped there tell too little; a take that crosses none, hardly anything.
    told = [rate for rate in rates if rate > max(within)]
    least = round(max(within)) + 1.0
    rate = statistics.median(told) if told else (least if rates else max(30.0, least))
    names = [name for name in rows[0] if name not in ("Timecode", "BlendshapeCount")]
    found = [
        (round(second * rate + frame) + 1, {name: float(row[name]) for name in names})
        for second, frame, row in zip(seconds, within, rows, strict=True)
    ]
    return found, rate


def main(arguments: list[str]) -> None:
    """Import the rig and key its shape keys and its turn."""
    if len(arguments) != 2:
        sys.exit(f"expected a rig and a take: {USAGE}")
    rig, take = map(Path, arguments)
    for path in (rig, take):
        if not path.is_file():
            sys.exit(f"{path}: no such file")
    rows, rate = read_take(take)
    try:
        import bpy
    except ImportError:
        sys.exit(f"this runs inside Blender: {USAGE}")
    if rig.suffix.lower() == ".fbx":
        bpy.ops.import_scene.fbx(filepath=str(rig))
    else:
        bpy.ops.import_scene.gltf(filepath=str(rig))
    imported = list(bpy.context.selected_objects)
    scene = bpy.context.scene
    scene.render.fps = round(rate)
    scene.render.fps_base = round(rate) / rate  # 29.97 is 30 / 1.001
    scene.frame_start, scene.frame_end = 1, rows[-1][0]

    columns = {name.lower(): name for name in rows[0][1]}
    driven = [
        (key, columns[key.name.lower()])
        for thing in imported
        if thing.type == "MESH" and thing.data.shape_keys
        for key in thing.data.shape_keys.key_blocks
        if key.name.lower() in columns
    ]
    if not driven:
        sys.exit(f"{rig}: has no shape key with a name of ARKit's, such as jawOpen")
    head = bpy.data.objects.new("head", None)
    bpy.context.collection.objects.link(head)
    for thing in imported:
        if thing.parent is None:
            thing.parent = head
    head.rotation_mode = "YXZ"  # heading last, as frsdk's angles are
    for frame, row in rows:
        for key, name in driven:
            key.value = row[name]
            key.keyframe_insert("value", frame=frame)
        yaw, pitch, roll = (row[name] for name in HEAD)
        head.rotation_euler = (-pitch, roll, yaw)
        head.keyframe_insert("rotation_euler", frame=frame)
    print(f"{len(rows)} frames drive {len(driven)} shape keys of {rig.name}")


if __name__ == "__main__":
    main(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else [])
