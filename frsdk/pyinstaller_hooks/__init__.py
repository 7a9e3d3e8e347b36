"""What PyInstaller needs to know of frsdk; it asks the entry point `pyinstaller40` for the folder.

`hook-frsdk.py` beside this file is read by PyInstaller itself.
"""

from __future__ import annotations

from pathlib import Path


def hook_folders() -> list[str]:
    """The folders with hooks."""
    return [str(Path(__file__).parent)]
