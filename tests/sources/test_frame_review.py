"""The page queues what is most worth a look, takes only words of the procedure, and keeps all."""

import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retia.errors import UserError
from retia.records import Case, Finding, read_cases, write_cases
from retia.sources.frame_labels import join_labels
from retia.sources.frame_rows import read_rows
from retia.sources.video.review import Review, open_server
from retia.sources.video.worth import most_worth
from retia.taxonomy import read_procedure

PROCEDURE = read_procedure("cholecystectomy")
PREPARED, OPENED = "preparation", "calot-triangle-dissection"


def frame(time_s: float, phase: str | None = None, source: str | None = None, **more) -> Case:
    return Case(
        file_name="frames/00000001.jpg",
        id=f"v-{round(time_s * 1000):08d}",
        group="v",
        split="train",
        modality="cholecystectomy",
        time_s=time_s,
        labels={} if phase is None else {"phase": phase},
        label_sources={} if source is None else {"phase": source},
        **more,
    )


def test_weak_unsure_and_changing_frames_come_first_and_looked_at_ones_never():
    frames = [frame(float(t), PREPARED if t < 50 else OPENED, "weak") for t in range(0, 100, 10)]
    frames += [frame(150.0, OPENED, "manual"), frame(160.0, OPENED)]
    frames += [frame(200.0, OPENED, "model", label_confidences={"phase": 0.95})]
    frames += [frame(220.0, OPENED, "model", label_confidences={"phase": 0.3})]
    queue = most_worth(frames, 100)
    assert set(queue[:2]) == {"v-00040000", "v-00050000"}
    assert "v-00150000" not in queue and "v-00160000" not in queue
    assert queue.index("v-00220000") < queue.index("v-00200000")
    assert most_worth(frames[::-1], 3) == queue[:3]


def test_frames_side_by_side_are_not_asked_one_after_the_other():
    frames = [frame(t / 2, PREPARED if t < 60 else OPENED, "weak") for t in range(120)]
    first = [int(id[2:]) / 1000 for id in most_worth(frames, 8)]
    assert all(abs(a - b) >= 5 for i, a in enumerate(first) for b in first[:i])
    assert sorted(most_worth(frames, 1000)) == sorted(f.id for f in frames)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five weak frames, of which one shows a hook."""
    (tmp_path / "frames").mkdir()
    Image.fromarray(np.full((20, 30, 3), 90, np.uint8)).save(tmp_path / "frames/00000001.jpg")
    cases = [frame(10.0 * n, PREPARED if n < 3 else OPENED, "weak") for n in range(5)]
    hook = Finding(id="f1", kind="hook", source="annotation")
    cases[0] = frame(
        0.0, PREPARED, "weak", findings=(hook,), looked_for=tuple(PROCEDURE.instruments)
    )
    write_cases(tmp_path, cases)
    return tmp_path


def test_a_label_is_on_disk_in_every_file_and_leaves_the_rest(folder: Path):
    state = Review(folder, PROCEDURE)
    state.take("v-00000000", {"phase": OPENED, "events": ["bile_spill=true"]})
    cases = {c.id: c for c in read_cases(folder)}
    labelled = cases["v-00000000"]
    assert labelled.labels == {"phase": OPENED, "bile_spill": "true"}
    assert labelled.label_sources == {"phase": "manual", "bile_spill": "manual"}
    assert [f.kind for f in labelled.findings] == ["hook"] and labelled.looked_for
    assert cases["v-00010000"].label_sources == {"phase": "weak"}
    rows = [json.loads(r) for r in (folder / "frames.jsonl").read_text().splitlines()]
    assert rows[0]["phase"] == OPENED and rows[0]["source"]["phase"] == "manual"
    # What was taken can be read as rows, and says the same of frames without labels.
    taken = read_rows(folder / "reviewed.jsonl", PROCEDURE)
    (again,) = join_labels([frame(0.0)], taken, 0.25, PROCEDURE)
    assert again.labels == labelled.labels
    # A second start goes on after it, and loses nothing.
    later = Review(folder, PROCEDURE)
    assert "v-00000000" not in later.queue
    later.take("v-00010000", {"phase": PREPARED})
    assert len((folder / "reviewed.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("id", "told", "text"),
    [
        ("v-00000000", {"phase": "dissection"}, "'dissection' is no phase"),
        ("v-00000000", {"tools": ["liver"]}, "'liver' is no instrument"),
        ("v-00000000", {"events": ["bile=true"]}, "'bile' is no event"),
        ("v-00000000", {}, "nothing is labelled"),
        ("v-7", {"phase": PREPARED}, "no frame 'v-7'"),
    ],
)
def test_wrong_labels_are_refused_and_change_nothing(folder: Path, id: str, told: dict, text: str):
    before = (folder / "metadata.jsonl").read_bytes()
    with pytest.raises(UserError, match=text):
        Review(folder, PROCEDURE).take(id, told)
    assert (folder / "metadata.jsonl").read_bytes() == before
    assert not (folder / "reviewed.jsonl").exists()


@pytest.fixture
def site(folder: Path) -> Iterator[tuple[str, Review]]:
    state = Review(folder, PROCEDURE)
    server = open_server(state, 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", state
    server.shutdown()
    server.server_close()
    thread.join()


def ask(url: str, form: dict | None = None, host: str | None = None) -> tuple[int, bytes]:
    data = None if form is None else urllib.parse.urlencode(form, doseq=True).encode()
    request = urllib.request.Request(url, data, {"Host": host} if host else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def secret_in(page: bytes) -> str:
    return page.decode().split('name="secret" value="')[1].split('"')[0]


def test_the_page_shows_the_next_frame_and_takes_its_labels(site: tuple[str, Review]):
    url, state = site
    status, page = ask(url + "/")
    first = state.queue[0]
    assert status == 200 and f"/frame/{first}".encode() in page and b"5 to look at" in page
    assert ask(f"{url}/frame/{first}")[1].startswith(b"\xff\xd8")
    assert ask(f"{url}/frame/../metadata.jsonl")[0] == 404
    form = {"secret": secret_in(page), "frame": first, "phase": OPENED, "tools_seen": "1"}
    form |= {"tools": ["hook", "grasper"], "event_bile_spill": "false"}
    status, page = ask(url + "/", form)
    assert status == 200 and b"4 to look at" in page
    case = state.cases[first]
    assert case.labels == {"phase": OPENED, "bile_spill": "false"}
    assert {f.kind for f in case.findings} == {"hook", "grasper"}
    # Anatomy was not looked for; none ticked does not mean that there is none.
    assert "liver" not in case.looked_for
    skipped = {"secret": secret_in(page), "frame": state.queue[1], "skip": "1"}
    assert b"3 to look at" in ask(url + "/", skipped)[1]


def test_the_page_takes_nothing_from_elsewhere(site: tuple[str, Review]):
    url, state = site
    before = dict(state.cases)
    first = state.queue[0]
    assert ask(url + "/", {"secret": "x", "frame": first, "phase": OPENED})[0] == 403
    assert ask(url + "/", host="evil.example")[0] == 403
    secret = secret_in(ask(url + "/")[1])
    status, page = ask(url + "/", {"secret": secret, "frame": first, "phase": "<b>x</b>"})
    assert status == 400 and b"is no phase" in page and b"<b>x</b>" not in page
    assert state.cases == before


def test_a_folder_without_frames_of_the_procedure_is_refused(tmp_path: Path):
    write_cases(tmp_path, [Case(file_name="a.png", id="a", group="a", modality="octa")])
    with pytest.raises(UserError, match="holds octa cases"):
        Review(tmp_path, PROCEDURE)
