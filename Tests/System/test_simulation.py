"""Ten thousand stories of disasters: the simulation of make simulate, optimised, without end for an evening."""

import os
import re
import subprocess

import pytest

from conftest import ROOT

SEEDS = int(os.environ.get("SEEDS", 10_000))


@pytest.mark.acceptance
def test_simulate_ten_thousand_seeds(record_property):
    # A folder of its own: other flags would make the next ordinary build begin from nothing.
    flags = ["-c", "release", "-Xswiftc", "-enable-testing", "--scratch-path", ROOT / ".build/simulation"]
    subprocess.run(["swift", "build", "--build-tests", *flags], cwd=ROOT, check=True, timeout=1500)
    result = subprocess.run(
        ["swift", "test", "--disable-xctest", "--skip-build", "--filter", "SimulationTests", *flags], cwd=ROOT, text=True,
        capture_output=True, timeout=2400, env={**os.environ, "SEEDS": str(SEEDS), "SEED": "1"})
    told = re.search(r"^(\d+) seeds, (\d+) messages; (.*)$", result.stdout, re.M)
    assert told, result.stdout[-2000:]
    record_property("seeds", told[1])
    record_property("messages", told[2])
    record_property("faults", told[3])
    assert result.returncode == 0, "\n".join(re.findall(r"↳ .*\n.*again: .*", result.stdout)[:20])
    assert int(told[1]) == SEEDS
