"""Whether a file begins as videos do."""

from __future__ import annotations

PREFIX_BYTES = 16
_ISO_PICTURES = (b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1", b"hevc")
_BEGINNINGS = (
    b"\x1a\x45\xdf\xa3",  # Matroska, WebM
    b"FLV\x01",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF: WMV
    b"\x00\x00\x01\xba",  # MPEG programme stream
    b"OggS",
)
_QUICKTIME_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip")


def begins_as_video(prefix: bytes) -> bool:
    """Whether the first 16 bytes of a file are those of a common kind of video."""
    if prefix[4:8] == b"ftyp":
        return prefix[8:12] not in _ISO_PICTURES
    if prefix[:4] == b"RIFF":
        return prefix[8:12] == b"AVI "
    return prefix.startswith(_BEGINNINGS) or prefix[4:8] in _QUICKTIME_ATOMS
