"""A live loop: faces with ids, smoothed, one line each per frame.

    python examples/webcam.py                # camera 0
    python examples/webcam.py --source 1     # another camera
    python examples/webcam.py --source clip.mp4

`frsdk camera` does the same with a window and JSON; this is the loop to put into a program.
"""

from __future__ import annotations

import argparse
import sys
import time

import cv2

from frsdk import FaceTracker


def main() -> None:
    """Track until the source ends or Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--source", default="0", help="number of a camera, or a file")
    parser.add_argument("--faces", type=int, default=1)
    source = parser.parse_args().source
    faces = parser.parse_args().faces
    capture = cv2.VideoCapture(int(source) if source.isdecimal() else source)
    if not capture.isOpened():
        sys.exit(f"{source}: no such camera or file, or OpenCV cannot open it")
    live = source.isdecimal()
    begin = time.monotonic()
    with FaceTracker(max_faces=faces) as track:
        while True:
            read, frame_bgr = capture.read()
            if not read:
                break
            # A camera's frames come when they come; a file says when each is to be shown.
            seconds = time.monotonic() - begin if live else capture.get(cv2.CAP_PROP_POS_MSEC) / 1e3
            for face in track(frame_bgr, seconds):
                pose = face.pose
                print(
                    f"{seconds:7.2f} s  face {face.id}  yaw {pose.yaw_deg:+.0f}  "
                    f"pitch {pose.pitch_deg:+.0f}  roll {pose.roll_deg:+.0f}  "
                    f"mouth {face.mouth_open:.2f}"
                )


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
