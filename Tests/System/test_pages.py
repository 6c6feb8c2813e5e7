"""The pages in a real browser: live, without JavaScript, on a small screen, in two languages, for everyone."""

import importlib.resources
import json
import pathlib

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from conftest import ROOT, get, reading, wait_for

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


class Browser:
    def __init__(self, language="fr-FR", javascript=True):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for word in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", f"--lang={language}"]:
            options.add_argument(word)
        preferences = {"intl.accept_languages": f"{language},{language[:2]}"}
        if not javascript:
            preferences["profile.managed_default_content_settings.javascript"] = 2
        options.add_experimental_option("prefs", preferences)
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))

    def devtools(self, name, **arguments):
        return self.driver.execute_cdp_cmd(name, arguments)

    def screen(self, width, height, dark=False):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)
        self.devtools("Emulation.setEmulatedMedia", features=[dict(name="prefers-color-scheme", value="dark" if dark else "light")])

    def open(self, url):
        self.driver.get(url)
        return self

    def text(self, selector="main"):
        # In one step: the page may swap the element between finding and reading it.
        return self.driver.execute_script("return document.querySelector(arguments[0]).innerText", selector)

    def violations(self):
        self.driver.execute_script((importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text())
        result = self.driver.execute_async_script(
            "const c = arguments[1]; axe.run(document, {runOnly: {type: 'tag', values: arguments[0]}})"
            ".then(c, e => c({error: '' + e}))", WCAG)
        assert "error" not in result, result
        return [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in result["violations"]]


@pytest.fixture
def browser():
    browser = Browser()
    yield browser
    browser.driver.quit()


@pytest.fixture
def serving(broker, gateway):
    gateway.start().connected()
    broker.publish("tonnelle/v1/up/rue/rue", reading(34))
    broker.publish("tonnelle/v1/up/parc/air", reading(26))
    wait_for("the park", lambda: gateway.place("parc")["availability"] == "available")
    return gateway


def test_a_change_reaches_an_open_page_without_a_reload(broker, serving, browser):
    browser.open(serving.url("/"))
    assert "1 lieu frais ouvert maintenant" in browser.text("h1") and "Frais et ouvert" in browser.text("#place-parc")
    browser.driver.execute_script("window.sameWindow = true; document.querySelector('#place-square a').focus()")
    for celsius in (40, 41, 42):
        broker.publish("tonnelle/v1/up/parc/air", json.dumps([{"n": "temperature", "v": celsius}, {"n": "humidity", "v": 60}]))
    wait_for("the change", lambda: "trop chaud" in browser.text("#place-parc"))
    wait_for("the headline", lambda: "Aucun lieu frais mesuré" in browser.text("h1"))
    assert browser.driver.execute_script("return window.sameWindow === true")
    assert browser.driver.execute_script("return document.activeElement.closest('li').id") == "place-square"


def test_a_lost_connection_is_said_and_found_again(serving, browser):
    browser.open(serving.url("/"))
    wait_for("the stream", lambda: serving.state_metric("tonnelle_event_streams") == 1)
    serving.stop()
    wait_for("the bar", lambda: "Connexion perdue" in browser.text("#connection"))
    serving.start()
    wait_for("its end", lambda: browser.text("#connection") == "")


def test_without_javascript_everything_is_there(serving):
    browser = Browser(javascript=False)
    try:
        browser.screen(320, 640)
        browser.open(serving.url("/"))
        assert "1 lieu frais ouvert maintenant" in browser.text("h1")
        assert not browser.driver.find_element(By.ID, "show-map").is_displayed()
        browser.driver.find_element(By.CSS_SELECTOR, "#place-parc a").click()
        assert "Frais et ouvert" in browser.text() and "toute la journée" in browser.text()
        browser.driver.find_element(By.LINK_TEXT, "English").click()
        assert "Open and cool" in browser.text() and "all day" in browser.text()
        browser.driver.find_element(By.LINK_TEXT, "All places").click()
        assert "1 cool place open now" in browser.text("h1")
        browser.open(serving.url("/?lang=xx"))
    finally:
        browser.driver.quit()


def test_the_browsers_language_is_followed(serving):
    assert b"Open and cool" in get(serving.url("/"), {"Accept": "text/html", "Accept-Language": "en-GB,en;q=0.9,fr;q=0.1"})[2]
    assert "Frais et ouvert".encode() in get(serving.url("/"), {"Accept": "text/html", "Accept-Language": "de"})[2]


@pytest.mark.parametrize("path", ["/", "/places/parc", "/places/biblio"])
def test_pages_are_accessible_at_every_size(serving, browser, path):
    for language in ("fr", "en"):
        for width, height, dark in ((320, 640, False), (320, 640, True), (768, 1024, False), (1280, 900, True)):
            browser.screen(width, height, dark)
            browser.open(serving.url(f"{path}?lang={language}"))
            assert browser.violations() == [], (path, language, width, dark)
            overflow = browser.driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
            assert overflow <= 0, (path, language, width)


def test_the_board_is_accessible(serving, browser):
    for width in (320, 1280):
        browser.screen(width, 900)
        browser.open(f"http://127.0.0.1:{serving.operator_port}/?token={serving.token}")
        assert "token" not in browser.driver.current_url
        assert browser.violations() == [] and "lieux sur 3 prêts" in browser.text("h1")
        overflow = browser.driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0


def test_the_map_shows_the_places_with_their_shapes(serving, browser):
    browser.screen(1280, 900)
    browser.open(serving.url("/"))
    button = browser.driver.find_element(By.ID, "show-map")
    assert button.is_displayed()
    button.click()
    wait_for("the markers", lambda: len(browser.driver.find_elements(By.CSS_SELECTOR, ".marker svg")) == 3)
    assert browser.driver.find_elements(By.CSS_SELECTOR, ".marker.available")
    errors = [entry for entry in browser.driver.get_log("browser") if entry["level"] == "SEVERE"]
    assert errors == []
    # Nothing came from elsewhere.
    hosts = browser.driver.execute_script("return performance.getEntriesByType('resource').map(e => new URL(e.name).host)")
    assert set(hosts) == {f"127.0.0.1:{serving.port}"}


def test_own_script_and_page_stay_within_their_budget(serving):
    assert len(get(serving.url("/live.js"))[2]) <= 10 * 1024
    script = pathlib.Path(ROOT / "Sources/Pages/Assets.swift").read_text()
    assert "innerHTML" not in script  # the server escapes; the script adds no second way
