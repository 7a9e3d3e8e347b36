"""Records on disk until they are all written."""

from __future__ import annotations

import pytest

from frsdk.errors import OutputError
from frsdk.storage.record_spool import RecordSpool


def test_records_come_back_in_their_order_and_leave_nothing(tmp_path) -> None:
    wanted = [b"first", b"x" * 3_000_000, "übrig".encode()]
    with RecordSpool(tmp_path) as spool:
        for record in wanted[:2]:
            spool.append(record)
        with spool.lines() as lines:
            assert [line.rstrip(b"\n") for line in lines] == wanted[:2]
        spool.append(wanted[2])  # after a reading too
        with spool.lines() as lines:
            assert lines.read() == b"\n".join(wanted) + b"\n"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_none_is_an_error(tmp_path) -> None:
    with pytest.raises(OutputError, match="cannot write into the output folder"):
        RecordSpool(tmp_path / "none")


def test_a_full_disk_is_met_at_once(tmp_path) -> None:
    class Full:
        def write(self, content: memoryview) -> int:
            if len(content) < 3:
                raise OSError(28, "No space left on device")
            return 2

        def close(self) -> None:
            pass

    with RecordSpool(tmp_path) as spool:
        spool._file.close()
        spool._file = Full()
        with pytest.raises(OutputError, match="No space left on device"):
            spool.append(b"a record")
