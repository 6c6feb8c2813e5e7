"""The command line: help, exit codes, and what check says."""

import json

import pytest

from conftest import ROOT, tonnelle


@pytest.mark.parametrize("words,code,out,err", [
    (["--help"], 0, "usage: tonnelle COMMAND", ""), (["--version"], 0, "tonnelle 0.", ""), ([], 2, "", "usage: tonnelle COMMAND"),
    (["srve"], 2, "", 'there is no command "srve"'), (["serve"], 2, "", "--config is required"),
    (["serve", "--help"], 0, "--config FILE", ""), (["serve", "--port", "1"], 2, "", "--port is not known here"),
    (["check", "--config"], 2, "", "--config needs a value"), (["check", "extra", "--config", "x"], 2, "", '"extra" is one word too many'),
    (["check", "--config", "/nowhere.json"], 2, "/nowhere.json: error: the file cannot be read", ""),
    (["demo", "--port", "70000"], 2, "", "--port takes a whole number from 0 to 65535"), (["replay"], 2, "", "one TRACE is expected"),
    (["replay", "/nowhere"], 1, "", "/nowhere cannot be read: No such file"), (["replay", "x", "--until", "noon"], 2, "", "--until takes a time"),
    (["replay", "x", "--from", "2026-07-15T12:00:00Z", "--to", "2026-07-15T11:00:00Z"], 2, "", "--to lies before --from"),
    (["replay", "x", "--topics", "a/#/b"], 2, "", "--topics takes an MQTT filter"), (["replay", "x", "--config-only"], 2, "", "needs --config"),
    (["replay", "x", "--expect", "/nowhere"], 1, "", "/nowhere cannot be read"),
    (["record", "--broker", "127.0.0.1:1"], 1, "", "no connection to the broker 127.0.0.1:1"), (["record", "--broker", "a:b"], 2, "", "HOST:PORT"),
])
def test_words(words, code, out, err):
    result = tonnelle(*words)
    assert result.returncode == code, result
    assert out in result.stdout.decode() and err in result.stderr.decode()


def test_check_tells_all_with_positions(gateway):
    result = tonnelle("check", "--config", gateway.settings)
    assert result.returncode == 0 and result.stdout.decode() == "Ville: 3 places, 3 sensors, no errors\n"
    gateway.write_settings(extra='\n  "brokr": {},')
    text = gateway.settings.read_text().replace('"period_s": 60', '"periode_s": 60', 1)
    gateway.settings.write_text(text)
    result = tonnelle("check", "--config", gateway.settings)
    lines = result.stdout.decode().splitlines()
    assert result.returncode == 2
    assert any(line.startswith("settings.json:") and 'brokr: unknown key; did you mean "broker"?' in line for line in lines)
    assert any('sensors[0].periode_s: unknown key; did you mean "period_s"?' in line for line in lines)
    json_lines = tonnelle("check", "--json", "--config", gateway.settings).stdout.decode().splitlines()
    assert all(json.loads(line)["severity"] == "error" for line in json_lines) and len(json_lines) == len(lines)


def test_the_demonstrations_settings_are_fine():
    result = tonnelle("check", "--config", ROOT / "Config/demo/settings.json")
    assert result.returncode == 0 and "no errors" in result.stdout.decode()
    assert "Horaires du Planétarium" in result.stdout.decode()  # a register's defect, told as a warning
