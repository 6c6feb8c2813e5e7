"""Metrics, and what is made of them: both text formats, alarms, a scrape by Prometheus, Grafana's dashboard."""

import json
import re
import signal
import subprocess
import urllib.error
import urllib.parse

import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from conftest import PLACES, ROOT, free_ports, get, reading, wait_for

CONFIG = ROOT / "Config/prometheus"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def scrape(gateway, accept=None):
    """Content type and text of the metrics."""
    headers = {"Authorization": f"Bearer {gateway.token}", **({"Accept": accept} if accept else {})}
    status, answer, body = get(f"http://127.0.0.1:{gateway.operator_port}/metrics", headers)
    assert status == 200, body
    return answer["Content-Type"], body.decode()


def samples(text):
    return {(s.name, *sorted(s.labels.items())): s.value for family in prometheus(text) for s in family.samples}


def sample(gateway, name, **labels):
    return samples(scrape(gateway)[1]).get((name, *sorted(labels.items())))


@pytest.fixture
def city(gateway, broker):
    """A city of which every metric has something to say."""
    (gateway.folder / "carreaux.csv").write_text("people,longitude,latitude\n100,4.8501,45.75\n200,4.8864,45.75\n")
    gateway.write_places(PLACES + [("refuge", "Refuge", "other", '"opening_hours":"24/7","refuge_from_level":3,"capacity":10')])
    gateway.write_settings(extra='"population":"carreaux.csv",', sensors="""
      { "id": "rue", "station": "rue", "fields": ["temperature"], "period_s": 60 },
      { "id": "air", "place": "parc", "fields": ["temperature", "humidity"], "period_s": 60 },
      { "id": "porte", "place": "refuge", "fields": ["in_total", "out_total"], "period_s": 60 },""")
    gateway.start().connected()
    broker.publish("tonnelle/v1/up/parc/air", reading(21))
    broker.publish("tonnelle/v1/up/parc/air", "nothing")
    broker.publish("tonnelle/v1/up/parc/stranger", reading(21))
    wait_for("the reading", lambda: sample(gateway, "tonnelle_last_reading_timestamp_seconds"))
    yield gateway


@pytest.mark.parametrize("accept,kind", [
    (None, PROMETHEUS), ("*/*", PROMETHEUS), ("text/plain", PROMETHEUS), ("text/html", PROMETHEUS),
    ("application/openmetrics-text", OPENMETRICS), ("Application/OpenMetrics-Text; version=1.0.0", OPENMETRICS),
    ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
     OPENMETRICS),
    ("application/openmetrics-text;version=0.0.1,text/plain;version=0.0.4;q=0.5", PROMETHEUS),
    ("application/openmetrics-text;q=0.2,text/plain;q=0.5", PROMETHEUS), ("application/openmetrics-text;q=0", PROMETHEUS),
])
def test_the_format_is_the_one_that_was_asked_for(serving_once, accept, kind):
    content_type, text = scrape(serving_once, accept)
    assert content_type == kind
    assert text.endswith("# EOF\n") == (kind == OPENMETRICS)


@pytest.fixture(scope="module")
def serving_once(tmp_path_factory):
    from conftest import Broker, Gateway
    folder = tmp_path_factory.mktemp("metrics")
    broker = Broker(folder).start()
    gateway = Gateway(folder, broker.port).start().connected()
    yield gateway
    gateway.stop(signal.SIGKILL)
    broker.stop()


def test_both_formats_say_the_same_and_their_judges_find_nothing(city):
    _, text = scrape(city)
    checked = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), capture_output=True, timeout=30)
    assert checked.returncode == 0 and not checked.stderr, checked.stderr.decode()
    _, open_text = scrape(city, "application/openmetrics-text")
    families = list(openmetrics.text_string_to_metric_families(open_text))  # raises where it is not OpenMetrics 1.0
    assert {(s.name, *sorted(s.labels.items())) for f in families for s in f.samples} == set(samples(text))
    units = {f.name: f.unit for f in families if f.unit}
    assert units["tonnelle_disk_free_bytes"] == "bytes" and units["process_start_time_seconds"] == "seconds"
    assert all(f.documentation.endswith(".") and (f.type != "counter" or not f.name.endswith("_total")) for f in families)


def test_the_figures_are_true(broker, city):
    text = samples(scrape(city)[1])
    assert text[("tonnelle_build_info", ("version", subprocess.run(
        [ROOT / ".build/release/tonnelle", "--version"], capture_output=True, text=True).stdout.split()[1]))] == 1
    started = int((open(f"/proc/{city.process.pid}/stat").read().rsplit(")", 1)[1].split())[19]) / 100
    boot = float(re.search(r"btime (\d+)", open("/proc/stat").read())[1])
    assert abs(text[("process_start_time_seconds",)] - (boot + started)) < 2
    assert sample(city, "process_start_time_seconds") == text[("process_start_time_seconds",)], "it does not move"
    free = int(subprocess.run(["df", "--output=avail", "-B1", city.folder], capture_output=True, text=True).stdout.split()[1])
    assert abs(text[("tonnelle_disk_free_bytes",)] / free - 1) < 0.1
    on_disk = sum(path.stat().st_size for path in (city.folder / "data").glob("journal.db*"))
    assert 0 < text[("tonnelle_database_bytes",)] and abs(text[("tonnelle_database_bytes",)] - on_disk) < 1e6
    assert text[("tonnelle_sensors", ("state", "alive"))] == 1 and text[("tonnelle_sensors", ("state", "silent"))] == 2
    assert text[("tonnelle_unknown_senders",)] == 1 and text[("tonnelle_subscriptions_refused",)] == 0
    assert text[("tonnelle_population",)] == 300
    assert ("tonnelle_heat_level", ("source", "operator")) not in text
    broker.publish("tonnelle/v1/command/heat", json.dumps(
        {"level": 3, "by": "astreinte", "reason": "essai", "until": "2099-01-01T00:00:00Z"}))
    wait_for("the heat level", lambda: sample(city, "tonnelle_heat_level", source="operator") == 3)
    wait_for("the refuge, which nobody has counted yet", lambda: sample(
        city, "tonnelle_open_places", rule="heat", occupancy="unknown") == 1)
    assert sample(city, "tonnelle_open_places", rule="regular", occupancy="unknown") == 3


def test_the_alarms_do_what_they_say():
    for command in (["check", "rules", "tonnelle.rules.yml"], ["test", "rules", "tonnelle.test.yml"]):
        result = subprocess.run(["promtool", *command], cwd=CONFIG, capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, result.stdout + result.stderr
    rules = (CONFIG / "tonnelle.rules.yml").read_text()
    tests = (CONFIG / "tonnelle.test.yml").read_text()
    alarms = re.findall(r"- alert: (\w+)", rules)
    assert len(alarms) == rules.count("summary:") == rules.count("action:")
    for alarm in alarms:
        assert f"- alertname: {alarm}\n" in tests, f"nothing shows that {alarm} fires"
        assert f"{{ alertname: {alarm}, eval_time: 9h, exp_alerts: [] }}" in tests, f"nothing shows that {alarm} keeps quiet"


def names(expression):
    """The metrics of an expression, of which strings, labels, ranges, functions and words of the language are taken away."""
    text = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^]]*\]', " ", expression)
    text = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", text)
    words = re.findall(r"\b[a-zA-Z_:][\w:]*\b(?!\s*\()", text)
    return {word for word in words if word not in ("and", "or", "unless", "bool", "offset", "inf", "by", "without", "on")
            and not re.fullmatch(r"e\d+", word)}


def test_names_finds_metrics():
    assert names('sum by (a) (rate(x_total{b="c"}[5m])) / on () group_left () y > 1e9 and z unless time() - u') == {"x_total", "y", "z", "u"}


def test_prometheus_scrapes_the_gateway_and_the_dashboard_asks_only_what_there_is(broker, city, folder):
    """A real Prometheus with the files of Config/prometheus: only port, target and the token's path are others."""
    broker.publish("tonnelle/v1/command/heat", json.dumps(
        {"level": 3, "by": "astreinte", "reason": "essai", "until": "2099-01-01T00:00:00Z"}))
    wait_for("the heat level", lambda: sample(city, "tonnelle_heat_level", source="operator") == 3)
    port = free_ports(1)[0]
    text = (CONFIG / "prometheus.yml").read_text()
    token = folder / "tonnelle.token"
    token.write_text(city.token)
    for old, new in [('["127.0.0.1:8081"]\n\n', f'["127.0.0.1:{city.operator_port}"]\n\n'), ("/etc/prometheus/tonnelle.token\n    ", f"{token}\n    "),
                     ("scrape_interval: 15s", "scrape_interval: 1s"), ("evaluation_interval: 15s", "evaluation_interval: 1s")]:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (folder / "prometheus.yml").write_text(text)
    (folder / "tonnelle.rules.yml").write_text((CONFIG / "tonnelle.rules.yml").read_text())
    checked = subprocess.run(["promtool", "check", "config", folder / "prometheus.yml"], capture_output=True, text=True, timeout=30)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(
        ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/prometheus",
         f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ask(path, **parameters):
        query = "&".join(f"{key}={urllib.parse.quote(value)}" for key, value in parameters.items())
        return json.loads(get(f"http://127.0.0.1:{port}/api/v1/{path}?{query}")[2])

    def is_ready():
        try:
            return get(f"http://127.0.0.1:{port}/-/ready")[0] == 200
        except (urllib.error.URLError, ConnectionError):
            return False

    try:
        wait_for("Prometheus", is_ready, 60)
        wait_for("a scrape", lambda: ask("query", query='up{job="tonnelle"} == 1')["data"]["result"], 60)
        known = {series["__name__"] for series in ask("series", **{"match[]": '{job="tonnelle"}'})["data"]}
        assert {key[0] for key in samples(scrape(city)[1])} <= known
        board = json.loads((ROOT / "Config/grafana/tonnelle.json").read_text())
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"]) >= 20
        expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
        rules = [rule for group in ask("rules")["data"]["groups"] for rule in group["rules"]]
        assert len(rules) >= 15
        for expression in expressions + [rule["query"] for rule in rules] + [board["annotations"]["list"][0]["expr"]]:
            assert names(expression) and names(expression) <= known, f"{names(expression) - known} in {expression}"
            concrete = expression.replace("$__rate_interval", "1m").replace("$instance", ".+")
            assert ask("query", query=concrete)["status"] == "success", expression
        wait_for("the first evaluation", lambda: all(
            rule["health"] == "ok" for group in ask("rules")["data"]["groups"] for rule in group["rules"]))
    finally:
        process.terminate()
        process.wait(20)
