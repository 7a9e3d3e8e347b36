"""How a batch is split, and which profile runs it."""

from __future__ import annotations

from frsdk.backends.batch_sizes import split_batch
from frsdk.engine_files.engine_header import BatchProfile, profile_for


def test_split_batch() -> None:
    for count in range(1, 40):
        for maximum in range(1, 10):
            parts = split_batch(count, maximum)
            assert sum(parts) == count
            assert max(parts) <= maximum
            assert max(parts) - min(parts) <= 1
            assert len(parts) == -(-count // maximum)


def test_which_profile_runs_a_batch() -> None:
    profiles = [BatchProfile(*each) for each in ((16, 32, 64), (1, 1, 1), (4, 8, 20))]
    wanted = {1: 1, 2: 2, 4: 2, 20: 2, 21: 0, 64: 0}
    assert {n: profile_for(profiles, n) for n in wanted} == wanted
