"""The list of the log's identifiers in docs/operations.md is whole, and says nothing that the sources do not."""

import re

from conftest import ROOT


def test_every_line_of_the_log_stands_in_the_list():
    said = set()
    for file in (ROOT / "Sources").rglob("*.swift"):
        text = file.read_text()
        calls = re.findall(r"\bLog\.(error|warning|notice|info)\(\s*(\"(\w+)\"|[^\s])", text)
        for priority, first, identifier in calls:
            assert identifier, f"{file.name}: the identifier of a line must stand in the call, not {first}"
            said.add((identifier, priority))
    assert len(said) > 20
    rows = re.findall(r"^\| `(\w+)` \| (error|warning|notice|info) \| (.+) \| (.+) \|$", (ROOT / "docs/operations.md").read_text(), re.M)
    listed = [(identifier, priority) for identifier, priority, _, _ in rows]
    assert sorted(listed) == sorted(said), sorted(set(listed) ^ said)
