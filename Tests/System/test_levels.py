"""The table that RingSeries is compared with is what numpy says of the recordings today."""

import importlib.util

from conftest import ROOT


def test_levels_are_numpys():
    folder = ROOT / "Tests/RingSeriesTests/Recordings"
    spec = importlib.util.spec_from_file_location("levels", folder / "levels.py")
    levels = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(levels)
    assert levels.text() == (folder / "levels.csv").read_text()
    # Of the recording's own description: LAeq of whole days, in dB.
    days = {row[1]: round(float(row[2]), 2) for row in levels.table() if row[0] == "1m"}
    assert (days["2025-03-21"], days["2025-03-22"], days["2025-03-31"]) == (51.21, 49.74, 54.14)
