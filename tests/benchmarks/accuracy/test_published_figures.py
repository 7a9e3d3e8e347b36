"""What papers print."""

import numpy as np
import pytest

from frsdk.benchmarks.accuracy.published_figures import PUBLISHED, published_rows, published_table


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: f"{row.method} {row.faces}")
def test_means_and_deviations_are_those_of_the_bins(row):
    assert row.source
    bins = np.array([value for value in row.bins if value is not None])
    if len(bins) == 3:
        assert row.mean == pytest.approx(bins.mean(), abs=0.011)
        deviations = [bins.std(ddof=degrees) for degrees in (0, 1)]
        assert min(abs(row.std - each) for each in deviations) < 0.011
    else:
        assert len(bins) == 0 and row.mean is not None


def test_rows_belong_to_their_set_and_are_marked():
    assert [row.method for row in published_rows("AFLW")][:2] == ["3DDFA", "3DDFA+SDM"]
    assert published_rows("val") == []
    lines = published_table(published_rows("AFLW2000-3D"))
    assert lines[0].startswith("| published |")
    assert lines[2] == (
        "| 3DDFA | 3.78 | 4.54 | 7.93 | 5.42 | 2.21 | Zhu et al., CVPR 2016, table 1 |"
    )
    assert any(line.startswith("| Nonlinear 3DMM | - | - | - | 4.7 | - |") for line in lines)
