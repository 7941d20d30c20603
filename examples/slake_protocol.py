# ruff: noqa: D100, E402
# %% [markdown]
# # The medical-VQA source's protocol on SLAKE's format
#
# **No figure on this page was measured on SLAKE.** The pictures are drawn below: grey discs with
# two dark fields and, in half of them, a bright spot. They have SLAKE's layout, so that the same
# cells run on the real data set: set `SLAKE` to its folder (`imgs/`, `train.json`, …) and this page
# measures there. The source's own SLAKE notebook holds the outputs of its VQA-RAD notebook.
#
# Unlike VQA-RAD, SLAKE has boxes. A question about a thing with a box has an *annotated region*:
# the reply can be held to what people marked, not only to the model's own box.
#
# Research use only; not a medical device.

# %%
import json
import os
from pathlib import Path

import numpy as np
from PIL import Image

RUN = Path(os.environ.get("RUN", "runs/slake_protocol"))
SLAKE = os.environ.get("SLAKE")  # the real data set; drawn pictures without it
MODEL = os.environ.get("MODEL")  # a ready student; without it a small one is trained here
IMAGES = int(os.environ.get("IMAGES", "240"))
STEPS = int(os.environ.get("STEPS", "400"))

# %% [markdown]
# ## Pictures in SLAKE's layout
#
# One folder an image: `source.jpg` and `detection.json` with boxes as `[x, y, width, height]`.


# %%
def draw(number, folder):
    """Draw one picture; every second one has a spot, in one of the two fields."""
    rng = np.random.default_rng(number)
    y, x = np.mgrid[:128, :128]
    pixels = np.where(np.hypot(x - 64, y - 64) < 58, 120.0, 0.0)
    for centre in (42, 86):
        pixels[np.hypot((x - centre) / 15, (y - 64) / 28) < 1] = 50
    ill, side = number % 2 == 0, ("Left", "Right")[number // 2 % 2]
    boxes = []
    if ill:
        left, top = (42 if side == "Left" else 86) + rng.integers(-5, 6), rng.integers(46, 83)
        pixels[np.hypot(x - left, y - top) < 8] = 235
        boxes = [{"Lung Cancer": [int(left) - 8, int(top) - 8, 17, 17]}]
    pixels = np.clip(pixels + rng.normal(0, 6, pixels.shape), 0, 255).astype(np.uint8)
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(folder / "source.jpg", quality=95)
    (folder / "detection.json").write_text(json.dumps(boxes))
    asked = [("Is there lung cancer in this picture?", "Yes" if ill else "No", "CLOSED")]
    if ill:
        asked.append(("Where is the lung cancer?", f"{side} Lung", "OPEN"))
    return asked


def draw_slake(folder, images):
    """Draw a whole data set, in one question file; it is split by image on import."""
    rows = []
    for number in range(images):
        name = f"xmlab{number}"
        for text, answer, kind in draw(number, folder / "imgs" / name):
            rows.append(
                {
                    "img_name": f"{name}/source.jpg",
                    "question": text,
                    "answer": answer,
                    "q_lang": "en",
                    "location": "Lung",
                    "modality": "CT",
                    "answer_type": kind,
                    "content_type": "Abnormality",
                    "qid": len(rows),
                }
            )
    (folder / "train.json").write_text(json.dumps(rows))


if SLAKE is None:
    source = RUN / "drawn"
    draw_slake(source, IMAGES)
else:
    source = Path(SLAKE)
measured_on = "drawn pictures, not SLAKE" if SLAKE is None else "SLAKE"
print("measured on", measured_on)

# %%
Image.fromarray(
    np.hstack([np.array(Image.open(p)) for p in sorted(source.glob("imgs/*/source.jpg"))[:3]])
) if SLAKE is None else None

# %% [markdown]
# ## Import, write, train
#
# `retia import slake`, `retia write` and `retia sft`. The split is by image: the published one
# shares most test images with its training part.

# %%
from retia.instructions import WriteConfig, write
from retia.sources.slake import SlakeConfig, import_slake
from retia.students.embedded import EmbeddedSize
from retia.tuning.settings import Round, TowerSettings
from retia.tuning.sft import SftConfig, sft

cases, samples = RUN / "cases", RUN / "samples"
counts = import_slake(SlakeConfig(source=source, out=cases, seed=5))
print(counts)
written = write(WriteConfig(cases=cases, out=samples, stage1_per_case=3, seed=5))
print(written["by_stage_of_tuning"])

# %%
if MODEL is None:
    student = RUN / "student"
    sft(
        SftConfig(
            samples=samples,
            cohort=samples,
            out=student,
            size=EmbeddedSize(vocabulary=400),
            tower=TowerSettings(steps=STEPS),
            stage1=Round(steps=STEPS),
            stage2=Round(steps=0),
            seed=5,
        )
    )
    print("a small student, trained here:", STEPS, "steps of its tower,", STEPS, "of its words")
else:
    student = Path(MODEL)
    print("ready student:", student)

# %% [markdown]
# ## The protocol
#
# The same as `retia evaluate --protocol cfproxy`.

# %%
from retia.evaluation import EvaluateConfig
from retia.evaluation.cfproxy import CfproxySettings, run_cfproxy, write_cfproxy
from retia.evaluation.predictors.student import student_predictor

out = RUN / "audit"
config = EvaluateConfig(samples=samples, model=student, out=out, seed=5)
predictor = student_predictor(student, 96)
found = run_cfproxy(config, predictor)
write_cfproxy(found, out)
print("\n".join([*found.lines(), f"measured on {measured_on}"]))

# %% [markdown]
# ## Does the reply rest on the marked region?
#
# Δ is what the reply loses, in nats a token, when the region is removed; beside it what five random
# regions of the same shape take. Only the difference means something.

# %%
for source_of_region, parts in found.effects.items():
    for among, own in parts.items():
        print(f"{source_of_region}, replies that are {among}: n {own['items']}")
        print(f"   region {own['delta_roi']}, random {own['delta_rand']}")
        print(f"   region minus random {own['effect']}")
    flips = found.flips[source_of_region]
    print(f"   flips: region {flips['roi']}, random {flips['rand']}, noise {flips['noise']}")
    print(f"   {flips['note'] or 'McNemar p = ' + format(flips['p'], '.2g')}")
print("without deltas or flips:", found.unmeasured)

# %% [markdown]
# ## Annotated region and own box are two questions
#
# The model's own box asks whether the model agrees with itself; the source knows only this one.

# %%
own = run_cfproxy(config, predictor, CfproxySettings(region="model"))
for source_of_region, parts in own.effects.items():
    print(f"{source_of_region}: n {parts['all']['items']}, effect {parts['all']['effect']}")
print("without deltas or flips:", own.unmeasured)

# %%
first = json.loads((out / "cfproxy.jsonl").read_text().splitlines()[0])
for name, value in first.items():
    print(f"{name:32s} {value if name != 'image_path' else Path(value).name!r}")

# %% [markdown]
# What each of these numbers does and does not mean is written in `docs/cfproxy.md`.
