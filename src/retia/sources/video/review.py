"""A page on this machine that shows the frames most worth labelling, and takes the labels.

In:  the folder of an import.
Out: the same folder: `reviewed.jsonl` (rows of the guide, by hand), and `metadata.jsonl` and
     `frames.jsonl` with the new labels. Every label is on disk before the next frame is shown.
"""

import logging
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

from retia.errors import UserError
from retia.records import Case, read_cases, write_cases
from retia.records.jsonl import from_plain, iterate_jsonl
from retia.sources.frame_rows import (
    REVIEWED,
    FrameRow,
    check_row,
    stated_of,
    to_row,
    with_labels,
)
from retia.sources.video.review_page import page
from retia.sources.video.worth import most_worth
from retia.taxonomy import Procedure

log = logging.getLogger("retia")

HOST = "127.0.0.1"
QUEUE = 200
"""Frames queued at most; the queue is made anew with every start."""
LONGEST_BYTES = 100_000


class Review:
    """The frames of an import, and the labels that are taken for them."""

    def __init__(self, folder: Path, procedure: Procedure) -> None:
        """Read the frames and queue the most worth.

        Raises:
            UserError: If the folder holds no frames of this procedure.
        """
        self.folder, self.procedure = folder, procedure
        cases = read_cases(folder)
        if not cases or cases[0].modality != procedure.id:
            raise UserError(
                f"{folder} holds {cases[0].modality if cases else 'no'} cases. Expected frames of "
                f"{procedure.id}, as `retia import frames` writes them."
            )
        self.cases = {case.id: case for case in cases}
        self.queue = most_worth(cases, QUEUE)
        self.skipped: set[str] = set()
        self.taken: dict[str, dict[str, Any]] = {}
        if (folder / REVIEWED).is_file():
            for _, row in iterate_jsonl(folder / REVIEWED):
                self.taken[f"{row['video_id']}/{row['timestamp_s']}"] = row
        self.lock = Lock()

    def next(self) -> Case | None:
        """The next frame of the queue that is neither labelled nor skipped."""
        waiting = (
            self.cases[id]
            for id in self.queue
            if id not in self.skipped and "manual" not in self.cases[id].label_sources.values()
        )
        return next(waiting, None)

    def take(self, id: str, told: Mapping[str, Any]) -> None:
        """Label a frame, and write it.

        Args:
            id: Of the frame.
            told: `phase`, `tools`, `anatomy` and `events` as in a row of the guide; what is left
                out stays unknown.

        Raises:
            UserError: If there is no such frame, nothing is told, or a word is not the procedure's.
        """
        case = self._case(id)
        if not told:
            raise UserError("nothing is labelled. Say what the frame shows, or skip it.")
        row = {"video_id": case.group, "timestamp_s": case.time_s, **told, "source": "manual"}
        where = f"frame {id}"
        checked = check_row(from_plain(FrameRow, row, where), self.procedure, where)
        with self.lock:
            # What the page did not ask for, or was left open, stays as it was.
            stated = stated_of(case, self.procedure) | checked.stated
            labelled = with_labels(case, stated, self.procedure)
            self.cases[id] = labelled
            self.taken[f"{case.group}/{case.time_s}"] = {"image": case.file_name, **row}
            self._write()

    def skip(self, id: str) -> None:
        """Show a frame no more until the next start.

        Raises:
            UserError: If there is no such frame.
        """
        self.skipped.add(self._case(id).id)

    def _case(self, id: str) -> Case:
        if id not in self.cases:
            raise UserError(f"there is no frame {id!r:.80}. Open the page again.")
        return self.cases[id]

    def _write(self) -> None:
        from retia.runs.step import write_lines

        # The labels themselves first: the two others can be made from them.
        write_lines(self.folder / REVIEWED, self.taken.values())
        cases = list(self.cases.values())
        write_cases(self.folder, cases)
        write_lines(self.folder / "frames.jsonl", [to_row(c, self.procedure) for c in cases])


def review(folder: Path, procedure: Procedure, port: int) -> dict[str, Any]:
    """Serve the page until it is interrupted.

    Returns:
        How many frames were queued, and how many carry labels by hand now.

    Raises:
        UserError: If the folder holds no frames, or the port is taken.
    """
    state = Review(folder, procedure)
    server = open_server(state, port)
    address = f"http://{HOST}:{server.server_address[1]}"
    log.info("%d frames to look at: %s (stop with Ctrl-C)", len(state.queue), address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        log.info("review: %d frames labelled by hand", len(state.taken))
    finally:
        server.server_close()
    return {"queued": len(state.queue), "labelled_by_hand": len(state.taken)}


def open_server(state: Review, port: int) -> ThreadingHTTPServer:
    """Bind the page to this machine alone.

    Raises:
        UserError: If the port is taken.
    """
    secret = secrets.token_urlsafe(16)

    class Handler(_Handler):
        pass

    Handler.state, Handler.secret = state, secret
    try:
        return ThreadingHTTPServer((HOST, port), Handler)
    except (OSError, OverflowError) as error:
        raise UserError(f"port {port} cannot be used ({error}). Pass another --port.") from None


class _Handler(BaseHTTPRequestHandler):
    """Answers the page; takes labels only from the page itself."""

    state: Review
    secret: str

    def do_GET(self) -> None:
        """Show the next frame, or hand out a picture."""
        if not self._is_ours():
            return
        path = urlsplit(self.path).path
        if path == "/":
            self._show("")
        elif path.startswith("/frame/") and path[7:] in self.state.cases:
            data = (self.state.folder / self.state.cases[path[7:]].file_name).read_bytes()
            self._answer(HTTPStatus.OK, data, "image/jpeg")
        else:
            self._answer(HTTPStatus.NOT_FOUND, b"not found", "text/plain")

    def do_POST(self) -> None:
        """Take the labels of one frame."""
        if not self._is_ours():
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LONGEST_BYTES:
            self._answer(HTTPStatus.BAD_REQUEST, b"no form, or too long", "text/plain")
            return
        form = parse_qs(self.rfile.read(int(length)).decode("utf-8", "replace"))
        # Another site that the browser has open does not know the secret.
        if not secrets.compare_digest(form.get("secret", [""])[0], self.secret):
            self._answer(HTTPStatus.FORBIDDEN, b"open the page again", "text/plain")
            return
        try:
            id = form.get("frame", [""])[0]
            if "skip" in form:
                self.state.skip(id)
            else:
                self.state.take(id, told_by(form, self.state.procedure))
        except UserError as error:
            self._show(str(error))
            return
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", "/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _is_ours(self) -> bool:
        """Refuse other host names: a foreign site may point its name at this machine."""
        host = self.headers.get("Host", "").rsplit(":", 1)[0]
        if host in (HOST, "localhost"):
            return True
        self._answer(HTTPStatus.FORBIDDEN, b"unknown host", "text/plain")
        return False

    def _show(self, problem: str) -> None:
        state = self.state
        left = [i for i in state.queue if i not in state.skipped]
        left = [i for i in left if "manual" not in state.cases[i].label_sources.values()]
        text = page(state.next(), state.procedure, self.secret, len(left), problem)
        status = HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK
        self._answer(status, text.encode(), "text/html; charset=utf-8")

    def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are no news."""
        log.debug(format, *args)


def told_by(form: Mapping[str, list[str]], procedure: Procedure) -> dict[str, Any]:
    """The form as a row of the guide: what was left open is left out."""
    told: dict[str, Any] = {}
    if phase := form.get("phase", [""])[0]:
        told["phase"] = phase
    for name in ("tools", "anatomy"):
        if f"{name}_seen" in form:
            told[name] = form.get(name, [])
    events = [f"{e}={v}" for e in procedure.events if (v := form.get(f"event_{e}", [""])[0])]
    return told | ({"events": events} if events else {})
