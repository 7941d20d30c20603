"""The page in a real browser: pick an example, read along, see the evidence."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from demo_process import demo_process
from PIL import Image

from retia.disclaimer import DISCLAIMER

CHROMIUM = Path("/usr/bin/chromium")
WAIT_MS = 90_000
WATCH = """() => {
  window.seen = [];
  const look = () => {
    const answer = document.querySelector(".answer");
    if (answer) window.seen.push(answer.textContent);
  };
  const what = {childList: true, subtree: true, characterData: true};
  new MutationObserver(look).observe(document.body, what);
}"""
"""Notes every state of the answer."""
SCREENSHOT_PX = 1000
pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory):
    with demo_process(tmp_path_factory.mktemp("demo")) as (_, address):
        yield address


@pytest.fixture
def page(address: str):
    """A page that has asked nobody but the server for anything."""
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    if not CHROMIUM.is_file():
        pytest.skip(f"needs a browser: {CHROMIUM} is absent")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic"]
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = browser.new_page(viewport={"width": 1300, "height": 900})
        page.set_default_timeout(WAIT_MS)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        page.wait_for_selector("#ask")
        yield page
        browser.close()
    assert [u for u in asked if not u.startswith((address, "data:", "blob:"))] == []


def pick(page, number: int) -> None:
    page.locator("#examples .thumbnail-item").nth(number).click()
    page.wait_for_selector("#preview img")
    page.wait_for_function("document.querySelector('#scale input, #scale textarea').value != ''")


def test_an_example_is_answered_and_held_against_its_graph(page):
    assert DISCLAIMER in page.inner_text("#title")
    pick(page, 2)
    page.evaluate(WATCH)
    page.click("#ask")
    page.wait_for_selector("#overlay rect")
    whole = page.inner_text(".answer")
    assert whole.startswith("{") and whole.endswith("}")
    seen = [text for text in page.evaluate("window.seen") if text != "…"]
    assert len(set(seen)) > 3, "the answer is read along"
    assert all(whole.startswith(text) for text in seen)
    assert page.locator("#student .supported").count() >= 2
    assert page.locator("#findings tr").count() >= 3
    assert "neovascularization" in page.inner_text("#findings")
    assert page.locator("#overlay img").count() == 2 and not page.inner_text("#message").strip()
    assert "seen/" in page.locator("#overlay g title").first.text_content()
    if target := os.environ.get("RETIA_SCREENSHOT"):
        picture = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
        picture.thumbnail((SCREENSHOT_PX, 4 * SCREENSHOT_PX))
        picture.save(target, quality=85, optimize=True)


def test_what_cannot_be_used_is_one_line_and_the_page_lives_on(page, tmp_path: Path):
    page.click("#ask")
    assert "there is no picture" in error_of(page)
    broken, colour = tmp_path / "broken.png", tmp_path / "colour.png"
    broken.write_bytes(b"no image")
    Image.fromarray(np.tile(np.uint8([255, 0, 0]), (64, 64, 1))).save(colour)
    grey = tmp_path / "grey.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 99, (64, 64), np.uint8)).save(grey)
    upload(page, broken)
    assert "broken.png is no readable image" in error_of(page, "broken.png")
    upload(page, colour)
    assert "colour.png is coloured" in error_of(page, "colour.png")
    upload(page, grey)
    page.wait_for_selector("#preview img")
    page.click("#ask")
    assert "grey.png has no scale" in error_of(page, "grey.png")
    page.fill("#scale textarea, #scale input", "wide")
    page.click("#ask")
    assert "'wide'" in error_of(page, "wide")
    pick(page, 0)
    page.fill("#question textarea, #question input", "Is there neovascularization?")
    page.click("#ask")
    page.wait_for_selector("#overlay rect, #overlay svg")
    assert "Is there neovascularization?" in page.inner_text("#student")


def test_a_new_picture_ends_what_is_told_of_the_last_one(page):
    pick(page, 2)
    page.click("#ask")
    page.wait_for_selector(".answer")
    page.locator("#examples .thumbnail-item").nth(0).click()
    page.wait_for_selector("#student .panel", state="detached")
    page.wait_for_timeout(5000)
    assert not page.inner_text("#student").strip() and page.locator("#overlay svg").count() == 0
    page.click("#ask")
    page.wait_for_selector("#overlay svg")
    assert "healthy" in page.inner_text("#cards")


def upload(page, file: Path) -> None:
    page.set_input_files("input[type=file]", file)


def error_of(page, word: str = "") -> str:
    line = page.locator("#message .error", has_text=word)
    line.wait_for()
    text = line.inner_text()
    assert "\n" not in text.strip()
    return text
