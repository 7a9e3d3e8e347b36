"""A camera through a tracker, frame by frame as they come."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .camera_frames import CameraFrame, CameraFrames
from .track_video import Track
from .video_records import StreamFace


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraReport:
    """Sums over what was seen.

    Attributes:
        frames: Frames tracked.
        frames_with_face: Of them, those with a face.
        ids: How many ids the faces had; one who comes back after a second gets another.
        dropped: Frames passed over because newer ones were there.
        losses: How often the camera was lost and found again.
        duration_s: Time of the last frame.
    """

    frames: int
    frames_with_face: int
    ids: int
    dropped: int
    losses: int
    duration_s: float


def track_camera(
    camera: CameraFrames,
    track: Track,
    on_frame: Callable[[CameraFrame, Sequence[StreamFace]], bool],
    *,
    stop: threading.Event | None = None,
    max_frames: int | None = None,
    seconds: float | None = None,
) -> CameraReport:
    """Track the faces of the newest frame, again and again.

    Args:
        camera: The frames.
        track: Finds the faces of each.
        on_frame: Called after each frame; False ends it.
        stop: Ends it when set.
        max_frames: End after so many frames.
        seconds: End with the first frame that is so much later than the first one.

    Returns:
        The sums.

    Raises:
        InputError: The camera is gone.
    """
    frames = with_face = dropped = 0
    ids: set[int] = set()
    duration_s = 0.0
    for frame in camera.frames(stop):
        if seconds is not None and frame.time_s >= seconds:
            break
        faces = track(frame.image_bgr, frame.time_s)
        frames += 1
        with_face += bool(faces)
        dropped += frame.dropped
        ids.update(face.id for face in faces)
        duration_s = frame.time_s
        if not on_frame(frame, faces) or frames == max_frames:
            break
    return CameraReport(
        frames=frames,
        frames_with_face=with_face,
        ids=len(ids),
        dropped=dropped,
        losses=camera.losses,
        duration_s=duration_s,
    )
