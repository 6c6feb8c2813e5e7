"""Golden days: recorded data, and transitions that an independent model computed, not this program."""

import json
import subprocess
import sys
from datetime import datetime, timedelta

import pytest

from conftest import ROOT, tonnelle

GOLDEN = ROOT / "Tests/Golden"
DAYS = ["hottest-day", "night-of-25-hours", "room"]


def replay(day, expectation, env=None):
    return tonnelle("replay", GOLDEN / day / "trace.jsonl.gz", "--config", GOLDEN / day / "settings.json", "--expect",
                    expectation, env=env)


@pytest.mark.parametrize("day", DAYS)
def test_the_model_computes_what_is_expected(day):
    model = subprocess.run([sys.executable, GOLDEN / "model.py", GOLDEN / day], capture_output=True, timeout=120)
    assert model.returncode == 0, model.stderr
    assert model.stdout == (GOLDEN / day / "expected.jsonl").read_bytes()


@pytest.mark.parametrize("day", DAYS)
def test_a_recorded_day_gives_the_transitions_that_the_model_computed(day):
    result = replay(day, GOLDEN / day / "expected.jsonl", env={"TZ": "Pacific/Auckland"})
    assert (result.returncode, result.stdout, result.stderr.decode()) == (0, b"", "")


@pytest.mark.parametrize("day", DAYS)
def test_the_settings_of_a_day_are_without_a_finding(day):
    result = tonnelle("check", "--config", GOLDEN / day / "settings.json")
    *findings, last = result.stdout.decode().splitlines()
    assert result.returncode == 0 and last.endswith("no errors")
    # A night that another rule cuts off is one of the things that this day is about.
    assert ["places[spill].opening_hours: column 18: a night before ends here" in finding for finding in findings] == \
        ([True] if day == "night-of-25-hours" else [])


def altered(lines, number):
    """The same transitions, one of them a second later."""
    assert ':00+08:00"' in lines[number]
    return lines[:number] + [lines[number].replace(':00+08:00"', ':01+08:00"', 1)] + lines[number + 1:]


@pytest.mark.parametrize("number", [0, 40, -1])
def test_one_second_in_one_line_is_a_difference(number, folder):
    lines = (GOLDEN / "hottest-day/expected.jsonl").read_text().splitlines(keepends=True)
    candidates = [place for place, line in enumerate(lines) if ':00+08:00"' in line]
    place = candidates[number]
    other = folder / "other.jsonl"
    other.write_text("".join(altered(lines, place)))
    result = replay("hottest-day", other)
    errors = result.stderr.decode()
    assert result.returncode == 1 and result.stdout == b""
    assert f"{other}:{place + 1}: the transitions differ" in errors
    assert "\n- " + altered(lines, place)[place] in errors and "\n+ " + lines[place] in errors


def test_a_line_too_few_and_a_line_too_many_are_differences(folder):
    lines = (GOLDEN / "night-of-25-hours/expected.jsonl").read_text().splitlines(keepends=True)
    other = folder / "other.jsonl"
    for wrong, expected, found in ((lines[:-1], "nothing\n", lines[-1]), (lines + lines[-1:], lines[-1], "nothing\n")):
        other.write_text("".join(wrong))
        result = replay("night-of-25-hours", other)
        assert result.returncode == 1
        assert f"\n- {expected}+ {found}" in result.stderr.decode()


def test_the_days_hold_what_they_are_for():
    """A day in which nothing happens would prove nothing."""
    def count(day, words):
        return sum(words in line for line in (GOLDEN / day / "expected.jsonl").read_text().splitlines())
    for indicator in ("availability", "felt", "difference", "noise", "opening"):
        assert count("hottest-day", f'"indicator":"{indicator}"') >= 10
    assert count("hottest-day", '"dangerous"') and count("hottest-day", '"much_cooler"') and count("hottest-day", '"loud"')
    assert count("night-of-25-hours", '"at":"2005-10-30T01:30:00-08:00"')  # a closing in the second of the doubled hours
    assert count("night-of-25-hours", '"at":"2005-10-30T02:00:00-08:00","place":"cafe","indicator":"occupancy"')  # its reset
    assert count("night-of-25-hours", '"crowded"') and count("room", '"indicator":"occupancy"') >= 8


@pytest.mark.parametrize("day", DAYS)
def test_no_place_changes_its_availability_more_than_six_times_an_hour(day):
    changes = {}
    for line in map(json.loads, (GOLDEN / day / "expected.jsonl").read_text().splitlines()):
        if line["indicator"] == "availability":
            changes.setdefault(line["place"], []).append(datetime.fromisoformat(line["at"]))
    assert changes
    for place, moments in changes.items():
        for first in moments:
            assert sum(first <= moment < first + timedelta(hours=1) for moment in moments) <= 6, (place, first)
