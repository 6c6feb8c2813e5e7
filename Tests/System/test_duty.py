"""A duty officer's day on the recorded heatwave, in a real browser."""

import base64
import json
import re

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

from conftest import get, tonnelle, wait_for
from test_demo import Demo
from test_pages import Browser


@pytest.fixture
def day(folder):
    demo, browser = Demo(folder), Browser()
    browser.screen(1280, 900)
    yield demo, browser
    browser.driver.quit()
    demo.stop()


def act(browser, title, reason, **chosen):
    """Fills and sends the form under a title."""
    for form in browser.driver.find_elements(By.CSS_SELECTOR, "form.act"):
        if form.find_element(By.TAG_NAME, "h3").text != title:
            continue
        for name, value in chosen.items():
            Select(form.find_element(By.NAME, name)).select_by_value(value)
        form.find_element(By.NAME, "reason").send_keys(reason)
        form.find_element(By.TAG_NAME, "button").click()
        return
    pytest.fail(f"no form \"{title}\" in: {browser.text()}")


def test_a_day_on_duty(day):
    demo, browser = day
    operators = f"http://127.0.0.1:{demo.operator_port}"
    token = re.search(r"token=([0-9a-f]+)", demo.log.read_text())[1]
    browser.open(f"{operators}/?token={token}")
    # The level has risen to orange: the sensors of the street say so, with their means of three days.
    assert "Niveau de chaleur : orange · observé par les capteurs" in browser.text()
    assert re.search(r"\d+ lieux sur 19 prêts", browser.text("h1"))
    browser.driver.find_element(By.CSS_SELECTOR, ".heat a").click()
    assert "Moyenne de 3 jours" in browser.text() and "Seuil" in browser.text()
    # The city goes further.
    act(browser, "Fixer un niveau", "Préfecture, appel de 12 h", level="4", hours="48")
    wait_for("the level", lambda: "Préfecture, appel de 12 h" in browser.text())
    wait_for("the public's level", lambda: "Niveau de chaleur : rouge · service de la ville" in get(
        f"http://127.0.0.1:{demo.port}/", {"Accept": "text/html", "Accept-Language": "fr"})[2].decode())
    # The refuge of the plan is opened early.
    browser.open(f"{operators}/places/salle-fraiche-du-gymnase")
    act(browser, "Ouvrir ou fermer", "Nuit chaude", state="open", hours="24")
    wait_for("the decision", lambda: "Nuit chaude" in browser.text())
    wait_for("the public's opening", lambda: demo.features()["salle-fraiche-du-gymnase"]["opening"] == "open")
    # Which sensor is silent, and who goes there.
    browser.open(f"{operators}/")
    row = next(row for row in browser.driver.find_elements(By.TAG_NAME, "tr") if "Capteur muet" in row.text)
    assert "mon-capteur" in row.text and "n'a jamais parlé" in row.text and "Astreinte capteurs" in row.text
    browser.open(f"{operators}/sensors?state=silent&lang=fr")
    assert "mon-capteur" in browser.text() and "1 capteur" in browser.text()
    # The page to print.
    browser.open(f"{operators}/")
    pdf = base64.b64decode(browser.devtools("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)["data"])
    (demo.folder / "board.pdf").write_bytes(pdf)
    assert pdf.startswith(b"%PDF") and len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 3
    # What was done stands in the log, with the name and the reason.
    browser.open(f"{operators}/audit")
    assert "Nuit chaude" in browser.text() and "Préfecture, appel de 12 h" in browser.text() and "local" in browser.text()
    # And the report of the days, beside the running gateway.
    settings, = demo.folder.glob("tonnelle-demo.*/settings.json")
    report = demo.folder / "report.html"
    result = tonnelle(
        "report", "--config", settings, "--from", "2026-07-14", "--to", "2026-07-17", "--html", report, timeout=120)
    assert result.returncode == 0, result.stderr.decode()
    browser.open(f"file://{report}")
    assert "Bibliothèque du Mail" in browser.text("body") and browser.violations() == []
    assert json.loads(get(f"{operators}/api/readiness", {"Authorization": f"Bearer {token}"})[2])["places"] == 19
