"""The language model as teacher: it rewords the built-in writer's answers, and is checked.

In:  samples of the built-in writer, with their cases.
Out: the same samples, with those answers reworded that pass the check; where none does, the
     built-in writer's stands. Nothing is lost, and nothing unchecked gets in.
"""

import base64
import json
import logging
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from retia.chat import ChatConfig, ChatError, Client, Reply, Request, read_object
from retia.chat.exchange import CHARACTERS_PER_TOKEN, cost
from retia.errors import UserError
from retia.instructions.teacher.check import Fault, faults_of
from retia.instructions.teacher.prompts import AGAIN, SYSTEM, prompts_hash, schema
from retia.instructions.teacher.task import NoTask, Task, Written, finished, to_task
from retia.records import Case, Message, Sample
from retia.runs import item_seed
from retia.runs.step import Step, write_json

log = logging.getLogger("retia")

TALLY = "teacher.json"
CHARACTERS_PER_SENTENCE = 10
"""Of the JSON around one sentence, for the estimate of tokens."""


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """One answer to be reworded."""

    sample: str
    at: int
    """Which message of the sample."""
    task: Task
    request: Request

    @property
    def id(self) -> str:
        """Names the answer in `failures.jsonl`."""
        return f"{self.sample}/{self.at}"


@dataclass(frozen=True, kw_only=True)
class Taught:
    """How one answer fared."""

    message: Message | None
    """The reworded turn; None: the built-in writer's stands."""
    asked_twice: bool = False
    first: str | None = None
    """Why the first answer was sent back."""
    rejected: str | None = None
    """Why there is no reworded turn."""
    trouble: str | None = None
    """What the server said where it gave no answer."""
    reworded: int = 0
    """Sentences that are no longer word for word the built-in writer's."""
    sentences: int = 0


def lessons_of(
    samples: Iterable[Sample], cases: Mapping[str, Case], seed: int, pictures: Path | None = None
) -> tuple[list[Lesson], Counter[str]]:
    """All answers that a language model may reword, and why the others may not, counted.

    Args:
        samples: Of the built-in writer.
        cases: By id.
        seed: Base seed.
        pictures: Folder that the samples' image paths are relative to; None sends no image.
    """
    lessons, not_asked = [], Counter[str]()
    for sample in samples:
        for at, message in enumerate(sample.messages):
            if message.role != "assistant":
                continue
            try:
                task = to_task(sample, at, cases[sample.case])
            except NoTask as reason:
                not_asked[str(reason)] += 1
                continue
            picture = None if pictures is None else pictures / sample.images[0]
            request = _request(task, item_seed(seed, f"{sample.id}/{at}/teacher"), picture)
            lessons.append(Lesson(sample=sample.id, at=at, task=task, request=request))
    return lessons, not_asked


def _request(task: Task, seed: int, picture: Path | None) -> Request:
    content: Any = task.prompt
    if picture is not None:
        url = f"data:image/png;base64,{base64.b64encode(bare_png(picture)).decode()}"
        content = [
            {"type": "text", "text": content},
            {"type": "image_url", "image_url": {"url": url}},
        ]
    return Request(
        messages=({"role": "system", "content": SYSTEM}, {"role": "user", "content": content}),
        schema=schema(list(task.facts)),
        seed=seed % 2**31,
    )


def bare_png(path: Path) -> bytes:
    """The pixels of a picture as a PNG without any metadata.

    Raises:
        UserError: If it cannot be read.
    """
    import io

    from PIL import Image

    from retia.images import read_picture

    buffer = io.BytesIO()
    Image.fromarray(read_picture(path)).save(buffer, format="PNG")
    return buffer.getvalue()


def read_written(reply: Reply) -> tuple[list[Written], str | None]:
    """The sentences of a reply, or the reason why there are none."""
    value = read_object(reply.text)
    if value is None:
        if not reply.text.strip():
            return [], "empty"
        return [], "truncated" if reply.finish == "length" else "not_json"
    if not all(isinstance(text, str) for text in value.values()):
        return [], "not_json"
    texts = {id: " ".join(text.split()) for id, text in value.items()}
    return [
        Written(text=t if not t or t[-1] in ".!?" else f"{t}.", evidence=(id,))
        for id, t in texts.items()
    ], None


def learn(lesson: Lesson, client: Client) -> Taught:
    """Ask for one answer, check it, send it back once, and check it again."""
    request, first = lesson.request, None
    try:
        for asked_twice in (False, True):
            reply = client.ask(request)
            written, problem = read_written(reply)
            faults = [Fault(reason=problem)] if problem else faults_of(written, lesson.task)
            if not faults:
                return _accepted(lesson.task, written, asked_twice, first)
            if asked_twice:
                return Taught(
                    message=None, asked_twice=True, first=first, rejected=faults[0].reason
                )
            first = faults[0].reason
            said = AGAIN.format(faults="\n".join(map(str, faults)))
            again = (
                {"role": "assistant", "content": reply.text},
                {"role": "user", "content": said},
            )
            request = replace(request, messages=(*request.messages, *again))
    except ChatError as error:
        return Taught(message=None, first=first, rejected=error.trouble, trouble=str(error))
    raise AssertionError("unreachable: the second round returns")


def _accepted(
    task: Task, written: Sequence[Written], asked_twice: bool, first: str | None
) -> Taught:
    own = {fact.text for fact in task.facts.values()}
    return Taught(
        message=finished(task, written),
        asked_twice=asked_twice,
        first=first,
        reworded=sum(w.text not in own for w in written),
        sentences=len(written),
    )


def teach(
    samples: Sequence[Sample],
    cases: Iterable[Case],
    chat: ChatConfig,
    seed: int,
    folder: Path,
    pictures: Path | None = None,
) -> list[Sample]:
    """Reword the answers of samples, several at once; the counts go to `folder/teacher.json`.

    Args:
        samples: Of the built-in writer.
        cases: All that the samples are about.
        chat: Which model is asked.
        seed: Base seed.
        folder: For the counts.
        pictures: Folder that image paths are relative to, where images are sent too.

    Raises:
        UserError: If the key or the `openai` package is missing, or an image cannot be read.
    """
    lessons, not_asked = lessons_of(samples, {c.id: c for c in cases}, seed, pictures)
    with Client(chat) as client, ThreadPoolExecutor(chat.concurrent) as pool:
        taught = list(pool.map(lambda lesson: learn(lesson, client), lessons))
        write_json(folder / TALLY, _tally(lessons, taught, not_asked, client))
    by_place = {(le.sample, le.at): t for le, t in zip(lessons, taught, strict=True)}
    return [_with(sample, by_place) for sample in samples]


def _with(sample: Sample, taught: Mapping[tuple[str, int], Taught]) -> Sample:
    """The sample with its reworded turns; its `meta` names who wrote each."""
    messages, writers = [], []
    for at, message in enumerate(sample.messages):
        own = taught.get((sample.id, at))
        new = None if own is None else own.message
        messages.append(new or message)
        if message.role == "assistant":
            writers.append("llm" if new else "builtin")
    meta = sample.meta | {"teacher": ",".join(writers)}
    return replace(sample, messages=tuple(messages), meta=meta)


def _tally(
    lessons: Sequence[Lesson], taught: Sequence[Taught], not_asked: Counter[str], client: Client
) -> dict[str, Any]:
    good = [t for t in taught if t.message is not None]
    usage = client.usage
    return {
        "asked": len(taught),
        "accepted": sum(not t.asked_twice for t in good),
        "accepted_after_retry": sum(t.asked_twice for t in good),
        "rejected": Counter(t.rejected for t in taught if t.rejected),
        "sent_back": Counter(t.first for t in taught if t.first),
        "not_asked": not_asked,
        "sentences": sum(t.sentences for t in good),
        "reworded_sentences": sum(t.reworded for t in good),
        "requests": usage.requests,
        "retries": usage.retries,
        "from_cache": usage.from_cache,
        "tokens": {"prompt": usage.prompt_tokens, "completion": usage.completion_tokens},
        "cost": client.cost,
        "troubles": [
            {"id": le.id, "error": t.trouble}
            for le, t in zip(lessons, taught, strict=True)
            if t.trouble
        ],
    }


def collect(step: Step, batches: Sequence[str], model: str) -> dict[str, Any]:
    """Add up the counts of all batches, for the statistics.

    An answer that the server never gave is a failure of the step: it is named, the built-in
    writer's stands, and its batch is forgotten, so that the same command asks again (what was
    answered comes from the cache).

    Args:
        step: The running step.
        batches: Their ids; their samples must have been read.
        model: The model's name.

    Raises:
        UserError: If the server gave not a single answer.
    """
    total: dict[str, Any] = {}
    for folder in filter(Path.is_dir, map(step.folder, batches)):
        tally = json.loads((folder / TALLY).read_text(encoding="utf-8"))
        total = _added(total, tally)
        if tally["troubles"]:
            shutil.rmtree(folder)
    troubles = total.pop("troubles", [])
    step.failures += troubles
    asked = total.get("asked", 0)
    if troubles and len(troubles) == asked:
        raise UserError(
            f"none of {asked} requests got an answer: {troubles[0]['error']}. Mend it, and give "
            "the same command again; or leave --teacher llm out."
        )
    accepted = total.get("accepted", 0) + total.get("accepted_after_retry", 0)
    rate = round(accepted / asked, 4) if asked else None
    log.info("teacher: %d of %d answers accepted", accepted, asked)
    return {"model": model, "prompts": prompts_hash(), "acceptance_rate": rate, **total}


def _added(a: Any, b: Any) -> Any:
    """Two counts, lists, or dictionaries of such, added up."""
    if not isinstance(b, dict):
        return a + b
    both = sorted({*a, *b})
    return {k: _added(a[k], b[k]) if k in a and k in b else (a | b)[k] for k in both}


def dry_run(
    batches: Iterable[tuple[Sequence[Case], Sequence[Sample]]],
    chat: ChatConfig,
    seed: int,
    pictures: Path | None = None,
) -> dict[str, Any]:
    """What a run would send, counted; answers that would be sent back are not foreseen.

    Args:
        batches: Cases with the built-in writer's samples about them.
        chat: Which model would be asked.
        seed: Base seed.
        pictures: Folder that image paths are relative to, where images would be sent too.

    Returns:
        Requests, those answered from the cache, and rough counts of tokens with their cost.
    """
    sent = known = prompt = completion = 0
    left = Counter[str]()
    client = Client(chat)
    for cases, samples in batches:
        lessons, not_asked = lessons_of(samples, {c.id: c for c in cases}, seed, pictures)
        left += not_asked
        for lesson in lessons:
            if client.known(lesson.request):
                known += 1
                continue
            facts = lesson.task.facts.values()
            characters = sum(len(fact.text) + CHARACTERS_PER_SENTENCE for fact in facts)
            sent += 1
            prompt += lesson.request.tokens
            completion += characters // CHARACTERS_PER_TOKEN
    price = cost(prompt, completion, chat.price_in, chat.price_out)
    log.info(
        "dry run: %d requests, about %d tokens sent and %d received, cost about %g; %d answers "
        "are known; nothing was asked or written",
        *(sent, prompt, completion, price, known),
    )
    return {
        "dry_run": True,
        "requests": sent,
        "from_cache": known,
        "not_asked": dict(sorted(left.items())),
        "tokens": {"prompt": prompt, "completion": completion},
        "cost": price,
    }
