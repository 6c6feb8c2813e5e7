"""The pages in a real browser: live, without JavaScript, on a small screen, in two languages, for everyone."""

import importlib.resources
import json
import pathlib
import re

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

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


@pytest.mark.parametrize("path", [
    "/", "/?water=true&open_at=22:00", "/places/parc", "/places/biblio", "/data", "/accessibility"])
def test_pages_are_accessible_at_every_size(serving, browser, path):
    for language in ("fr", "en"):
        for width, height, dark in ((320, 640, False), (320, 640, True), (768, 1024, False), (1280, 900, True)):
            browser.screen(width, height, dark)
            browser.open(serving.url(f"{path}{'&' if '?' in path else '?'}lang={language}"))
            assert browser.violations() == [], (path, language, width, dark)
            overflow = browser.driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
            assert overflow <= 0, (path, language, width)


@pytest.mark.parametrize("path", ["/conformance", "/collections", "/collections/cool-spots", "/collections/cool-spots/items"])
def test_pages_of_the_interface_are_accessible(serving, browser, path):
    for width, dark in ((320, True), (1280, False)):
        browser.screen(width, 900, dark)
        browser.open(serving.url(f"{path}?f=html"))
        assert browser.violations() == []
        assert browser.driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_the_board_is_accessible(serving, browser):
    for width in (320, 1280):
        browser.screen(width, 900)
        browser.open(f"http://127.0.0.1:{serving.operator_port}/?token={serving.token}")
        assert "token" not in browser.driver.current_url
        assert browser.violations() == [] and re.match(r"\d lieux? sur 3 prêts?", browser.text("h1"))
        overflow = browser.driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0


@pytest.mark.parametrize("width", [700, 1280])
def test_the_map_shows_the_places_with_their_shapes(serving, browser, width):
    browser.screen(width, 900)
    browser.open(serving.url("/"))
    button = browser.driver.find_element(By.ID, "show-map")
    assert button.is_displayed()
    if width < 960:  # beside the list where there is room, behind a button where there is none
        assert not browser.driver.find_element(By.ID, "map").is_displayed()
        button.click()
    wait_for("the markers", lambda: len(browser.driver.find_elements(By.CSS_SELECTOR, ".marker svg")) == 3)
    assert browser.driver.find_elements(By.CSS_SELECTOR, ".marker.available")
    assert button.get_attribute("aria-expanded") == "true" and button.text == "Cacher la carte"
    assert browser.violations() == []
    errors = [entry for entry in browser.driver.get_log("browser") if entry["level"] == "SEVERE"]
    assert errors == []
    # Nothing came from elsewhere.
    hosts = browser.driver.execute_script("return performance.getEntriesByType('resource').map(e => new URL(e.name).host)")
    assert set(hosts) == {f"127.0.0.1:{serving.port}"}


STREET = '{ "id": "rue", "station": "rue", "fields": ["temperature"], "period_s": 60 }'
CITY = [
    ("fontaine", "Place de la Fontaine", "garden", '"opening_hours":"24/7","water":true,"toilets":false,"step_free":"yes"'),
    ("halle", "La Halle", "tiers_lieu", '"opening_hours":"Mo-Su 08:00-20:00","water":true,"step_free":"no","capacity":80'),
    ("marches", "Jardin des Marches", "park", '"opening_hours":"24/7","step_free":"no","toilets":true'),
    ("musee", "Musée", "museum", '"opening_hours":"2000 off","toilets":true,"step_free":"yes"'),
]


def items(browser):
    return [e.get_attribute("id")[6:] for e in browser.driver.find_elements(By.CSS_SELECTOR, "#places > li")]


@pytest.mark.parametrize("javascript", [True, False])
def test_a_resident_filters_goes_on_and_comes_back(broker, gateway, javascript):
    gateway.write_places(CITY)
    gateway.write_settings(sensors=STREET)
    gateway.start()
    browser = Browser(javascript=javascript)
    try:
        browser.screen(360, 740)
        browser.open(gateway.url("/"))
        assert set(items(browser)) == {"fontaine", "halle", "marches", "musee"}
        browser.driver.find_element(By.LINK_TEXT, "Eau").click()
        assert set(items(browser)) == {"fontaine", "halle"} and "Eau" in browser.text("h1") and "Eau" in browser.driver.title
        browser.driver.find_element(By.LINK_TEXT, "Sans marche").click()
        assert items(browser) == ["fontaine"]
        # A chosen filter says that it is, and is taken back by the same link.
        chosen = browser.driver.find_elements(By.CSS_SELECTOR, ".choices a[aria-current]")
        assert {c.text for c in chosen} == {"✓ Eau (retirer)", "✓ Sans marche (retirer)"}
        browser.driver.find_element(By.PARTIAL_LINK_TEXT, "Eau (retirer)").click()
        assert set(items(browser)) == {"fontaine", "musee"}
        browser.driver.find_element(By.LINK_TEXT, "English").click()  # the filter stays
        assert set(items(browser)) == {"fontaine", "musee"} and "Step-free" in browser.text("h1")
        browser.driver.find_element(By.LINK_TEXT, "At 10 pm").click()
        assert items(browser) == ["fontaine"] and "1 place open" in browser.text("h1") and "10" in browser.text("h1")
        assert "Open" in browser.text("#place-fontaine strong") and "until" in browser.text("#place-fontaine strong")
        browser.driver.find_element(By.CSS_SELECTOR, ".choices summary").click()
        browser.driver.find_element(By.LINK_TEXT, "Museum").click()
        assert items(browser) == [] and "Remove one" in browser.text("#results")
        browser.open(gateway.url("/?kind=garden&lang=fr"))
        browser.driver.find_element(By.CSS_SELECTOR, "#place-fontaine a").click()
        assert "Place de la Fontaine" in browser.text("h1")
        browser.driver.find_element(By.LINK_TEXT, "Autour d'ici").click()
        assert items(browser)[0] == "fontaine" and "0\u202fm" in browser.text("#place-fontaine .distance")
    finally:
        browser.driver.quit()


def test_the_keyboard_alone_finds_a_place(broker, gateway, browser):
    gateway.write_places(CITY)
    gateway.write_settings(sensors=STREET)
    gateway.start()
    browser.screen(700, 900)
    browser.open(gateway.url("/?lang=fr"))

    def focused():
        return browser.driver.execute_script(
            "const e = document.activeElement, r = e.getBoundingClientRect(), s = getComputedStyle(e);"
            "return {text: e.innerText, seen: r.width > 0 && r.height > 0 && s.outlineStyle !== 'none'}")

    def tab_to(text):
        for _ in range(60):
            browser.driver.switch_to.active_element.send_keys(Keys.TAB)
            if focused()["text"].startswith(text):
                assert focused()["seen"], text  # where one is can be seen
                return browser.driver.switch_to.active_element
        pytest.fail(f"no way to {text} by keyboard")

    browser.driver.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    assert focused()["text"] == "Aller au contenu"
    tab_to("Eau").send_keys(Keys.ENTER)
    wait_for("the filter", lambda: set(items(browser)) == {"fontaine", "halle"})
    tab_to("Plus de filtres").send_keys(Keys.ENTER)
    tab_to("En intérieur")
    tab_to("Place de la Fontaine").send_keys(Keys.ENTER)
    wait_for("the place", lambda: browser.text("h1") == "Place de la Fontaine")
    tab_to("Autour d'ici").send_keys(Keys.ENTER)
    wait_for("the list", lambda: items(browser)[:1] == ["fontaine"])


def test_an_empty_list_says_what_opens_first(broker, gateway):
    gateway.write_places([("tard", "Salle Tard", "library", '"opening_hours":"Mo-Su 00:00-00:01","water":true')])
    gateway.write_settings(sensors=STREET)
    gateway.start()
    wait_for("its closing", lambda: gateway.place("tard")["open"] is False, 90)
    page = get(gateway.url("/?open=true&water=true&lang=fr"), {"Accept": "text/html"})[2].decode()
    assert "Aucun lieu ne correspond" in page and "Le premier à ouvrir : Salle Tard, demain à" in page


def test_near_me_asks_first_and_tells_no_more_than_three_decimals(serving, browser):
    browser.screen(360, 740)
    browser.devtools("Browser.grantPermissions", permissions=["geolocation"])
    browser.devtools("Emulation.setGeolocationOverride", latitude=45.7501234567, longitude=4.8498765432, accuracy=5)
    browser.open(serving.url("/?lang=fr&open=true"))
    browser.driver.find_element(By.ID, "near-me").click()
    wait_for("the list", lambda: "near=" in browser.driver.current_url)
    assert "near=4.850%2C45.750" in browser.driver.current_url and "open=true" in browser.driver.current_url
    assert "0\u202fm" in browser.text("#place-parc") and "45.7501" not in browser.driver.page_source
    browser.devtools("Browser.setPermission", permission={"name": "geolocation"}, setting="denied")
    browser.open(serving.url("/?lang=fr"))
    browser.driver.find_element(By.ID, "near-me").click()
    wait_for("the sentence", lambda: "Position non reçue" in browser.text("#connection"))


def test_what_was_not_measured_is_not_drawn(serving):
    """What was is drawn in test_demo: a test's minute has no day behind it."""
    page = get(serving.url("/places/square"), {"Accept": "text/html"})[2].decode()
    assert "<svg class=\"chart\"" not in page and "24 dernières heures" not in page


def test_the_script_of_the_data_page_hears_changes(broker, serving, browser):
    browser.open(serving.url("/data?lang=fr"))
    script = browser.driver.find_elements(By.CSS_SELECTOR, "pre code")[-1].text
    browser.devtools("Page.enable")
    browser.driver.execute_script(script.replace("console.log(", "(window.heard = window.heard || []).push("))
    broker.publish("tonnelle/v1/up/parc/air", reading(25))
    wait_for("the change", lambda: "parc" in (browser.driver.execute_script("return window.heard") or []))


def many(count):
    """Points all over a city, as a city's GIS would write them."""
    features = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [4.7 + n % 200 * 0.001, 45.6 + n // 200 * 0.001]},
         "properties": {"id": f"lieu-{n:05d}", "name": f"Jardin numéro {n} de la rue des Tilleuls", "kind": "garden",
                        "opening_hours": "Mo-Su 08:00-20:00", "water": True, "toilets": n % 2 == 0, "address": f"{n} rue des Tilleuls"}}
        for n in range(count)]
    return json.dumps({"type": "FeatureCollection", "features": features})


def test_three_hundred_places_are_sixty_kilobytes_with_style(broker, gateway):
    (gateway.folder / "places.geojson").write_text(many(300))
    gateway.write_settings(sensors=STREET)
    gateway.start()
    size = sum(len(get(gateway.url(path), {"Accept": "text/html", "Accept-Encoding": "gzip"})[2])
               for path in ("/", "/?page=2", "/?page=3", "/style.css", "/live.js", "/icon.svg"))
    assert size <= 60 * 1024, size


def test_ten_thousand_places_are_listed_in_pages_and_thinned_on_the_map(broker, gateway, browser):
    (gateway.folder / "places.geojson").write_text(many(10_000))
    gateway.write_settings(sensors=STREET)
    gateway.start(ready=False)
    wait_for("readiness", gateway.is_ready, 60)
    browser.screen(700, 900)
    browser.open(gateway.url("/"))
    assert len(items(browser)) == 100
    browser.driver.find_element(By.LINK_TEXT, "Lieux suivants").click()
    assert len(items(browser)) == 100 and "page=2" in browser.driver.current_url
    browser.driver.find_element(By.LINK_TEXT, "Lieux précédents").click()
    assert "page=" not in browser.driver.current_url
    seen = set()
    for page in range(1, 101):
        seen |= set(re.findall(r'id="place-(lieu-\d+)"', get(gateway.url(f"/?page={page}"), {"Accept": "text/html"})[2].decode()))
    assert len(seen) == 10_000
    browser.driver.find_element(By.ID, "show-map").click()
    wait_for("the markers", lambda: 0 < len(browser.driver.find_elements(By.CSS_SELECTOR, ".marker svg")) <= 300)


def test_own_script_and_page_stay_within_their_budget(serving):
    assert len(get(serving.url("/live.js"))[2]) <= 10 * 1024
    script = pathlib.Path(ROOT / "Sources/Pages/Assets.swift").read_text()
    assert "innerHTML" not in script  # the server escapes; the script adds no second way
