"""Pages in a real browser: no network, no console error, accessible in both themes, printable."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import worlds

from retia.evaluation import EvaluateConfig, evaluate
from retia.evaluation.answers.table import AnswerRow
from retia.evaluation.paired import compare_answers
from retia.evaluation.report.compare_report import write_comparison
from retia.evaluation.report.gallery import BEST, WORST, Shown, add_galleries, outlined
from retia.figures import Report, bar_chart
from retia.records import Sentence, read_cases, read_samples

CHROMIUM = Path("/usr/bin/chromium")
NAMES = ("audit", "galleries", "comparison")
NARROW_PX = 360
WHITE = "rgb(255, 255, 255)"
pytestmark = pytest.mark.e2e


def audit_page(folder: Path) -> Path:
    world = worlds.radiology(folder / "world")
    known = {case.id: case for case in read_cases(world) if case.split == "test"}
    rows = [
        {"case": s.case, "question": asked.text, "text": said.text}
        for s in read_samples(world)
        if s.case in known
        for asked, said in zip(s.messages, s.messages[1:], strict=False)
        if said.role == "assistant"
    ]
    answers = folder / "answers.jsonl"
    answers.write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = folder / "audit"
    evaluate(EvaluateConfig(samples=world, predictions=answers, out=out, resamples=100))
    return out / "report.html"


def galleries_page(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (300, 300), dtype=np.uint8)
    mask = np.zeros(image.shape, bool)
    mask[50:120, 80:200] = True
    said = [(v, f"A sentence that is {v}.") for v in ("supported", "contradicted", "unsupported")]
    item = Shown(
        title="2 of 3 claims contradicted",
        case="case-1",
        picture=image,
        region_picture=outlined(image, mask),
        edited=np.where(mask, 128, image).astype(np.uint8),
        question="Which stage?",
        gold="NPDR",
        before="PDR",
        after="healthy",
        sentences=tuple(Sentence(text=text, verdict=verdict) for verdict, text in said),
        note="Effect .1 nats a token.",
    )
    items = [replace(item, case=f"case-{n}") for n in range(5)]
    report = Report("Audit of a student").headline([("0.8", "Accuracy", "0.7 to 0.9")])
    report.heading("Numbers").table(["", "n"], [(f"row {n}", n) for n in range(60)], "A long one")
    report.picture(bar_chart(["a", "b"], [0.2, 0.8]), "Bars.")
    add_galleries(report, {WORST.anchor: items, BEST.anchor: items[:1]})
    report.heading("How far this carries").paragraph("Not far.")
    report.write(folder / "galleries.html")
    return folder / "galleries.html"


def comparison_page(folder: Path) -> Path:
    def run(share: float) -> list[AnswerRow]:
        right = np.random.default_rng(int(share * 10)).random(80) < share
        return [
            AnswerRow(
                part="stage",
                case=f"eye{n}",
                group=f"group{n // 2}",
                condition="real",
                question="Which stage?",
                question_kind="stage",
                gold="pdr",
                said="pdr" if ok else "npdr",
                right=bool(ok),
            )
            for n, ok in enumerate(right)
        ]

    pair = compare_answers(("small", run(0.4)), ("large", run(0.8)[:-2]), {"resamples": 100})
    apart = {"config: model": {"small": "a", "large": None}}
    write_comparison([pair], apart, folder / "comparison.html")
    return folder / "comparison.html"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    makers = (audit_page, galleries_page, comparison_page)
    return {name: make(folder) for name, make in zip(NAMES, makers, strict=True)}


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    if not CHROMIUM.is_file():
        pytest.skip(f"needs a browser: {CHROMIUM} is absent")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic"]
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, files: dict[str, Path]):
    """Opens pages without a network; at the end no page has asked for or complained of anything."""
    contexts, asked, complaints = [], [], []

    def opened(name: str, scheme: str = "light", width_px: int = 1200):
        size = {"width": width_px, "height": 800}
        context = browser.new_context(color_scheme=scheme, viewport=size, offline=True)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(files[name].as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert asked and complaints == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def ground(page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("scheme", "swapped"), [("light", False), ("dark", False), ("dark", True)])
def test_a_page_is_accessible_in_every_theme(open_page, name: str, scheme: str, swapped: bool):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe")
    page = open_page(name, scheme)
    if swapped:
        page.check("#theme")
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = axe.Axe().run(page).response["violations"]
    assert [(v["id"], [node["html"] for node in v["nodes"]]) for v in found] == []
    # The check has looked at colours, so that no violation means something.
    passed = {rule["id"] for rule in axe.Axe().run(page).response["passes"]}
    assert {"color-contrast", "image-alt", "html-has-lang", "region"} <= passed


def test_the_theme_follows_the_system_and_can_be_swapped(open_page):
    grounds = {}
    for scheme in ("light", "dark"):
        page = open_page("galleries", scheme)
        grounds[scheme] = ground(page)
        page.check("#theme")
        grounds[f"swapped {scheme}"] = ground(page)
    assert grounds["light"] == grounds["swapped dark"] == WHITE
    assert grounds["dark"] == grounds["swapped light"] != WHITE


def test_the_three_worst_explanations_are_one_click_from_the_top(open_page):
    page = open_page("galleries")
    link = page.get_by_role("link", name="The three worst explanations")
    assert link.bounding_box()["y"] < 400
    link.click()
    heading = page.locator("#worst-explanations")
    assert 0 <= heading.bounding_box()["y"] < 100
    shown = page.locator("#worst-explanations ~ article")
    assert [shown.nth(n).is_visible() for n in range(3)] == [True] * 3
    assert shown.nth(0).locator("img").count() == 3
    hidden = page.locator("details article")
    assert hidden.count() == 2 and not hidden.nth(0).is_visible()
    page.click("summary")
    assert hidden.nth(0).is_visible()


def test_an_audit_leads_to_its_worst_explanations(open_page):
    page = open_page("audit")
    page.get_by_role("link", name="explanations").first.click()
    # Nothing can be judged without a vocabulary: the link leads to the section that says so.
    assert 0 <= page.locator("#worst-explanations").bounding_box()["y"] < 300


def test_print_is_light_whole_and_open(open_page):
    page = open_page("galleries", "dark")
    scroll = "document.querySelector('.long')"
    assert page.evaluate(f"{scroll}.scrollHeight > {scroll}.clientHeight")
    page.emulate_media(media="print")
    assert ground(page) == WHITE
    assert page.evaluate(f"{scroll}.scrollHeight <= {scroll}.clientHeight + 1")
    collapsed = page.locator("details article")
    assert collapsed.nth(1).bounding_box()["height"] > 100
    assert collapsed.nth(1).evaluate("e => e.checkVisibility()")
    assert not page.locator("#theme").is_visible()


@pytest.mark.parametrize("name", NAMES)
def test_a_narrow_screen_scrolls_tables_but_not_the_page(open_page, name: str):
    page = open_page(name, width_px=NARROW_PX)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW_PX


def test_the_keyboard_reaches_content_and_shows_where_it_is(open_page):
    page = open_page("galleries")
    page.keyboard.press("Tab")
    focus = "getComputedStyle(document.activeElement)"
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    assert page.evaluate(f"{focus}.outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
