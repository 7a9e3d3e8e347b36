"""How long a Matroska file says that it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import AudioStream, VideoStream
    from av.container import InputContainer

_MICROSECONDS = 1_000_000


def told_length_s(
    container: InputContainer, video: VideoStream, audio: AudioStream | None
) -> float:
    """Where a Matroska file says that what is read of it ends, in seconds from 0; 0: no word.

    Args:
        container: The open file, of any format.
        video: Its video that is read.
        audio: Its sound that is read, if any.
    """
    if not container.format.name.startswith("matroska"):
        return 0.0
    if len(container.streams) == (1 if audio is None else 2):
        return (container.duration or 0) / _MICROSECONDS
    # The header's length is that of the longest stream, which may be subtitles.
    return _seconds_of(video.metadata.get("DURATION", ""))


def _seconds_of(text: str) -> float:
    """Of a time like 00:01:02.500000000; 0 for another text."""
    found = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", text)
    if found is None:
        return 0.0
    hours, minutes, seconds = map(float, found.groups())
    return 3600.0 * hours + 60.0 * minutes + seconds
