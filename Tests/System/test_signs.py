"""Signs at gates, posters, and the site as files: what people see without a phone, or without the gateway."""

import functools
import http.server
import re
import signal
import subprocess
import threading
import time

import pytest
from selenium.webdriver.common.by import By

from conftest import PROGRAM, free_ports, get, reading, tonnelle, wait_for
from test_pages import Browser

PLACES = [
    ("parc", "Parc", "park", '"opening_hours":"24/7","zone":"centre"'),
    ("biblio", "Bibliothèque", "library", '"opening_hours":"Mo-Su 00:00-24:00","capacity":100'),
    ("square", "Square", "garden", '"opening_hours":"2000 off"'),
]


@pytest.fixture
def browser():
    browser = Browser()
    yield browser
    browser.driver.quit()


@pytest.fixture
def serving(broker, gateway):
    gateway.write_places(PLACES)
    gateway.start().connected()
    broker.publish("tonnelle/v1/up/rue/rue", reading(34))
    broker.publish("tonnelle/v1/up/parc/air", reading(26))
    wait_for("the park", lambda: gateway.place("parc")["availability"] == "available")
    return gateway


def test_a_sign_says_what_is_and_where_else_to_go(broker, serving, browser):
    for width, height, dark, place in ((1080, 1920, False, "parc"), (1920, 1080, True, "square"), (320, 640, True, "parc")):
        browser.screen(width, height, dark)
        browser.open(serving.url(f"/sign/{place}?lang=en"))
        assert browser.violations() == []
        assert browser.driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth") <= 0
    browser.screen(1080, 1920)
    browser.open(serving.url("/sign/square?lang=fr"))
    assert "Fermé" in browser.text() and "Le plus proche : Parc (Frais et ouvert)" in browser.text()
    browser.open(serving.url("/sign/parc?lang=fr"))
    text = browser.text()
    assert "Parc" in text and "Frais et ouvert" in text and "26,0\u202f°C" in text and "toute la journée" in text
    assert "Mesuré à" in text and "Le plus proche" not in text  # of the others nothing says that one should go there
    assert not browser.driver.find_elements(By.CSS_SELECTOR, "main a, main button, main input")
    # Nothing that a screen at a gate must show lies below its edge.
    assert browser.driver.execute_script("return document.documentElement.scrollHeight - window.innerHeight") <= 0
    # How warm the mean of some minutes is depends on when they began; that it is another one does not.
    for celsius in (28, 29, 30):
        broker.publish("tonnelle/v1/up/parc/air", reading(celsius))
    wait_for("the change", lambda: "°C" in browser.text(".temperature") and "26,0" not in browser.text(".temperature"))
    assert get(serving.url("/sign/nobody"))[0] == 404


def test_a_sign_without_its_gateway_says_the_time_of_what_it_shows(serving, browser):
    browser.open(serving.url("/sign/parc?lang=fr"))
    wait_for("the stream", lambda: serving.state_metric("tonnelle_event_streams") == 1)
    serving.stop()
    wait_for("the sentence", lambda: re.search(r"Connexion perdue. Dernier état connu : \d\d:\d\d", browser.text("#connection")))
    assert browser.driver.find_element(By.CSS_SELECTOR, ".live").is_displayed()
    # A quarter of an hour passes: what was true then must not be read any more, the hours may.
    browser.driver.execute_script("const now = Date.now; Date.now = () => now() + 16 * 60000")
    wait_for("its silence", lambda: not browser.driver.find_element(By.CSS_SELECTOR, ".live").is_displayed())
    assert "toute la journée" in browser.text() and "Frais et ouvert" not in browser.text()
    assert "Aujourd'hui, " in browser.text()  # with the day, since nobody knows how long it stands there
    browser.driver.execute_script("const now = Date.now; Date.now = () => now() + 24 * 3600000")
    wait_for("the day's end", lambda: not browser.driver.find_element(By.CSS_SELECTOR, ".hours").is_displayed())
    browser.driver.execute_script("const now = Date.now; Date.now = () => now() - 24 * 3600000")
    assert "Pas de nouvelles depuis" in browser.text()
    serving.start()
    browser.driver.execute_script("const now = Date.now; Date.now = () => now() - 16 * 60000")
    wait_for("its voice", lambda: "Frais et ouvert" in browser.text() or "On ne sait pas" in browser.text(), 60)


@pytest.mark.parametrize("page", ["/sign/parc.svg", "/sign/parc"])
def test_the_code_leads_to_the_places_page(serving, browser, folder, page):
    """Read back with zbar, as a phone would."""
    browser.screen(900, 1280)
    browser.open(serving.url(page))
    browser.driver.save_screenshot(str(folder / "sign.png"))
    result = subprocess.run(["zbarimg", "-q", "--raw", folder / "sign.png"], capture_output=True, text=True)
    assert result.stdout.strip() == serving.url("/places/parc")


def test_the_configured_address_stands_in_the_code(serving, browser, folder):
    serving.stop()
    serving.write_settings(public='"url": "https://fraicheur.example.org/"')
    serving.start()
    browser.screen(900, 1280)
    browser.open(serving.url("/sign/parc.svg"))
    browser.driver.save_screenshot(str(folder / "sign.png"))
    result = subprocess.run(["zbarimg", "-q", "--raw", folder / "sign.png"], capture_output=True, text=True)
    assert result.stdout.strip() == "https://fraicheur.example.org/places/parc"


class Files:
    """A web server that knows nothing but files."""

    def __init__(self, folder):
        class Quiet(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *arguments):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


def test_the_site_as_files_serves_when_the_gateway_is_down(serving, browser, folder):
    target = folder / "copy"
    result = tonnelle("publish", target, "--config", serving.settings, "--valid", "45")
    assert result.returncode == 0, result.stderr
    serving.stop()
    files = Files(target)
    try:
        browser.open(files.url + "/")
        assert "1 lieu frais ouvert maintenant" in browser.text("h1") and "valable jusqu'au" in browser.text()
        assert browser.violations() == []
        assert not browser.driver.find_elements(By.CSS_SELECTOR, "button, .choices, script")
        browser.driver.find_element(By.CSS_SELECTOR, "#place-parc a").click()
        assert "Frais et ouvert" in browser.text() and "valable jusqu'au" in browser.text()
        browser.driver.find_element(By.LINK_TEXT, "English").click()
        assert "Open and cool" in browser.text() and "good until" in browser.text()
        browser.driver.find_element(By.LINK_TEXT, "All places").click()
        assert "1 cool place open now" in browser.text("h1")
        # Every link of every page leads to a file, and nothing else is asked for.
        for page in target.glob("*.html"):
            for link in re.findall(r'(?:href|src)="([^"#]+)"', page.read_text()):
                if not link.startswith(("geo:", "mailto:", "https:")):
                    assert (target / link).exists(), (page.name, link)
        places = __import__("json").loads((target / "cool-spots.geojson").read_text())
        assert len(places["features"]) == 3 and places["expires"] > places["timeStamp"]
        assert browser.driver.get_log("browser") == []
    finally:
        files.server.shutdown()


def test_publishing_goes_on_and_forgets_places_that_are_gone(serving, folder):
    target = folder / "copy"
    publisher = subprocess.Popen(
        [PROGRAM, "publish", target, "--config", serving.settings, "--every", "1"], stderr=subprocess.PIPE)
    try:
        wait_for("the pages", lambda: (target / "place-square.html").exists() and (target / "cool-spots.geojson").exists())
        serving.write_places(PLACES[:2])
        serving.process.send_signal(signal.SIGHUP)
        wait_for("its end", lambda: not (target / "place-square.html").exists())
        assert (target / "place-parc.html").exists()
        stamp = (target / "index.html").stat().st_mtime_ns
        serving.stop()  # what was written stays
        wait_for("the loss", lambda: b"nothing written" in publisher.stderr.peek() or publisher.stderr.readline().startswith(b"nothing"))
        assert (target / "index.html").exists() and (target / "index.html").stat().st_mtime_ns >= stamp
        publisher.send_signal(signal.SIGTERM)
        assert publisher.wait(10) == 0
    finally:
        publisher.kill()


def test_publish_says_what_is_wrong(gateway, folder):
    for arguments, code, sentence in [
            ([], 2, b"one folder"), ([folder / "x"], 2, b"--config"),
            ([folder / "x", "--config", gateway.settings], 1, b"token"),
            ([folder / "x", "--config", gateway.settings, "--valid", "0"], 2, b"valid")]:
        result = tonnelle("publish", *arguments)
        assert result.returncode == code and sentence in result.stderr, result.stderr
