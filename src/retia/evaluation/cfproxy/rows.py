"""What moves a reply: its region removed, random regions removed, invisible noise.

In:  replies, a predictor.
Out: one `ProxyRow` a reply, with its deltas or the reason why there are none.

`delta = score(original) - score(region removed)`, where `score` is the mean log-probability a
token of the reply, teacher-forced. A model that does not tell it is asked again instead, and the
delta is 1 for another answer and 0 for the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from retia.claims import parse_answer
from retia.counterfactuals import Edits, Effect, effects, make_edits
from retia.evaluation.cfproxy.conventions import collapsed
from retia.evaluation.cfproxy.regions import ChosenRegion, choose_region
from retia.evaluation.cfproxy.replies import Load, Reply, try_load
from retia.evaluation.cfproxy.settings import CfproxySettings, RegionSource
from retia.evaluation.plan.protocols import ask_as
from retia.evaluation.predictors.predictor import Predictor, Said
from retia.records.case import Box
from retia.runs import item_seed, track

BATCH = 16
"""Replies at once; each holds eight images in memory."""


@dataclass(frozen=True, kw_only=True)
class Flips:
    """Whether the answer is another one when asked about a changed image."""

    roi: bool
    """The region removed."""
    rand: bool
    """One random region of the same shape removed, the same way."""
    noise: bool
    """Every pixel moved by at most one grey level: what flips for no reason."""


@dataclass(frozen=True, kw_only=True)
class ProxyRow:
    """One reply with all that was measured about it."""

    reply: Reply
    region_source: RegionSource | None = None
    box_px: Box | None = None
    """What was removed."""
    delta_kind: Literal["logprob", "flip"] | None = None
    """`logprob`: nats a token of the whole reply; `flip`: 1 for another answer, else 0."""
    delta_roi: float | None = None
    delta_rand: float | None = None
    """Mean over the random regions; of flips that of one."""
    flips: Flips | None = None
    unmeasured: str | None = None
    """Why there are no deltas."""
    unflipped: str | None = None
    """Why there are deltas, but no flips."""

    @property
    def effect(self) -> float | None:
        """What the region takes beyond a random one."""
        if self.delta_roi is None or self.delta_rand is None:
            return None
        return self.delta_roi - self.delta_rand


@dataclass(frozen=True, kw_only=True)
class _Changed:
    """A reply whose region can be judged, with all that it is asked about."""

    reply: Reply
    region: ChosenRegion
    edits: Edits
    noisy: np.ndarray

    @property
    def question(self) -> str:
        return ask_as(self.reply.item, self.reply.protocol)


def measure_rows(
    replies: Sequence[Reply],
    predictor: Predictor,
    load: Load,
    settings: CfproxySettings,
    seed: int,
) -> list[ProxyRow]:
    """Remove the region of every reply, and random ones, and measure what the reply loses.

    Args:
        replies: Under one protocol.
        predictor: Who gave them.
        load: Reads the image of a case, uint8.
        settings: Region, fill, number of random regions.
        seed: Of random places, fills and noise.

    Returns:
        One a reply, in their order.
    """
    rows: list[ProxyRow] = []
    for start in track(range(0, len(replies), BATCH), "cfproxy, regions removed"):
        changed = [_change(r, load, settings, seed) for r in replies[start : start + BATCH]]
        judged = [c for c in changed if isinstance(c, _Changed)]
        found = iter(_measure(judged, predictor) if judged else ())
        rows += [c if isinstance(c, ProxyRow) else next(found) for c in changed]
    return rows


def _change(reply: Reply, load: Load, settings: CfproxySettings, seed: int) -> _Changed | ProxyRow:
    if not reply.read.text.strip():
        return ProxyRow(
            reply=reply, unmeasured="no reply" if reply.trouble else "the reply is empty"
        )
    image = try_load(reply.item.case, load)
    if isinstance(image, str):
        return ProxyRow(reply=reply, unmeasured="no image")
    region = choose_region(reply.item, reply.read.text, image.shape[:2], settings)
    if isinstance(region, str):
        return ProxyRow(reply=reply, unmeasured=region)
    own = item_seed(seed, f"{reply.item.case.id}/{reply.question}")
    edits = make_edits(image, region.mask, settings.fill, settings.random_regions, own)
    if edits is None:
        return ProxyRow(
            reply=reply,
            region_source=region.source,
            box_px=region.box_px,
            unmeasured="no room for a random region beside it",
        )
    return _Changed(reply=reply, region=region, edits=edits, noisy=_noisy(image, own))


def _noisy(image: np.ndarray, seed: int) -> np.ndarray:
    steps = np.random.default_rng(seed).integers(-1, 2, image.shape)
    return np.clip(image.astype(int) + steps, 0, 255).astype(np.uint8)


def _measure(changed: Sequence[_Changed], predictor: Predictor) -> list[ProxyRow]:
    rows = [
        ProxyRow(
            reply=c.reply,
            region_source=c.region.source,
            box_px=c.region.box_px,
            flips=flips if isinstance(flips, Flips) else None,
            unflipped=flips if isinstance(flips, str) else None,
        )
        for c, flips in zip(changed, _flips(changed, predictor), strict=True)
    ]
    if predictor.score is None:
        return [_by_flips(row) for row in rows]
    told = effects(
        predictor.score,
        [c.edits for c in changed],
        [c.question for c in changed],
        [c.reply.read.text for c in changed],
    )
    return [_by_effect(row, effect) for row, effect in zip(rows, told, strict=True)]


def _by_effect(row: ProxyRow, effect: Effect | None) -> ProxyRow:
    if effect is None:
        return replace(row, unmeasured="not scored")
    return replace(
        row, delta_kind="logprob", delta_roi=effect.delta_roi, delta_rand=effect.delta_random
    )


def _by_flips(row: ProxyRow) -> ProxyRow:
    if row.flips is None:
        return replace(row, unmeasured=row.unflipped, unflipped=None)
    roi, rand = float(row.flips.roi), float(row.flips.rand)
    return replace(row, delta_kind="flip", delta_roi=roi, delta_rand=rand)


def _flips(changed: Sequence[_Changed], predictor: Predictor) -> list[Flips | str]:
    """Ask again about three changed images; an answer that can no longer be read is another one.

    As in the source's notebooks two answers are the same where their collapsed words are.

    Returns:
        One a reply, or in words why its flips are not known.
    """
    shown = [i for c in changed for i in (c.edits.removed, c.edits.random[0], c.noisy)]
    said = predictor.answer(shown, [c.question for c in changed for _ in range(3)])
    return [_compared(c.reply, said[3 * n : 3 * n + 3]) for n, c in enumerate(changed)]


def _compared(reply: Reply, said: Sequence[Said]) -> Flips | str:
    if reply.answer is None:
        return "the reply cannot be read"
    if any(s.trouble is not None for s in said):
        return "no reply about a changed image"
    first = collapsed(reply.answer.answer)
    answers = (parse_answer(s.text, strict=True, modality=reply.item.case.modality) for s in said)
    roi, rand, noise = (a is None or collapsed(a.answer) != first for a in answers)
    return Flips(roi=roi, rand=rand, noise=noise)
