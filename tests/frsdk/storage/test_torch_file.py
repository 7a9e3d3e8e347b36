"""Files of PyTorch that are damaged, or carry code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from frsdk.storage.torch_file import TorchFileError, read_torch_file

torch = pytest.importorskip("torch", reason="needs PyTorch (frsdk[export])")


class _Evil:
    def __reduce__(self) -> Any:
        return (print, ("run",))


def test_damage_is_one_line_without_advice_to_switch_checks_off(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    torch.save({"a": torch.zeros(100)}, path)
    whole = path.read_bytes()
    for content in (b"", b"\x80", b"PK\x03\x04", whole[:200], whole[:-100], b"x" * 50):
        path.write_bytes(content)
        with pytest.raises(TorchFileError) as caught:
            read_torch_file(path)
        assert str(caught.value) and "\n" not in str(caught.value)
        assert "weights_only" not in str(caught.value)
    torch.save(_Evil(), path)
    with pytest.raises(TorchFileError, match="more than weights"):
        read_torch_file(path)
    with pytest.raises(TorchFileError, match="No such file"):
        read_torch_file(tmp_path / "none.pth")
