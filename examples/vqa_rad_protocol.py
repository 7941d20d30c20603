# ruff: noqa: B018, D100, E402
# %% [markdown]
# # The medical-VQA source's protocol on VQA-RAD, measured
#
# The source (github namrahrehman/CV801_Project) asks 200 of the 451 test questions of VQA-RAD in
# two wordings and reports an accuracy, coverage at four thresholds of a confidence, and how often
# an answer flips when a region is removed. Its figures: .385 and .359 right, with unread replies
# dropped and whatever begins with *n* counted as *no*; .39 flips for the region, .44 for a random
# one.
#
# Here the same is measured on the same data set, split by image (its published split shares images
# between training and test), and each figure stands beside its control: strict reading, unread
# replies counted, what blind baselines reach, what a blank image does. The model is not theirs but
# a student of a few million numbers, so compare the columns, not the models.
#
# VQA-RAD is CC0: J. Lau, S. Gayen, A. Ben Abacha, D. Demner-Fushman, Scientific Data 5, 180251
# (2018). Research use only; not a medical device.

# %%
import json
import os
from pathlib import Path

DATA = Path(os.environ.get("VQA_RAD", "data/vqa_rad"))  # trainset.json and images/
RUN = Path(os.environ.get("RUN", "runs/vqa_rad_protocol"))
MODEL = os.environ.get("MODEL")  # a ready student; without it a smaller one is trained here
QUESTIONS = int(os.environ.get("QUESTIONS", "200"))  # as many as the source asks
STEPS = int(os.environ.get("STEPS", "150"))

# %% [markdown]
# ## Import and write
#
# `retia import vqa-rad` and `retia write`; the same seed as in `recipes/medvqa-embedded.yaml`, so
# the same images are held out.

# %%
from retia.instructions import WriteConfig, write
from retia.sources.vqa_rad import VqaRadConfig, import_vqa_rad

cases, samples = RUN / "cases", RUN / "samples"
print(import_vqa_rad(VqaRadConfig(source=DATA, out=cases, seed=5)))
written = write(WriteConfig(cases=cases, out=samples, seed=5))
print(written["by_stage_of_tuning"])

# %% [markdown]
# ## A student
#
# `retia run recipes/medvqa-embedded.yaml --data DIR` trains the one measured below: its folder is
# `MODEL`. Without it, a smaller one is trained here.

# %%
from retia.students.embedded import EmbeddedSize
from retia.tuning.settings import Round, TowerSettings
from retia.tuning.sft import SftConfig, sft

if MODEL is None:
    student = RUN / "student"
    sft(
        SftConfig(
            samples=samples,
            cohort=samples,
            out=student,
            size=EmbeddedSize(vocabulary=1600),
            tower=TowerSettings(steps=STEPS),
            stage1=Round(steps=2 * STEPS),
            stage2=Round(steps=0),
            jitter=0.3,
            seed=5,
        )
    )
else:
    student = Path(MODEL)
trained = json.loads((student / "run.json").read_text())
if trained["step"] == "grpo":
    print("student of recipes/medvqa-embedded.yaml: SFT, then GRPO")
else:
    print("student of", trained["step"], "with", trained["config"].get("stage1", {}).get("steps"))

# %% [markdown]
# ## The protocol
#
# The same as `retia evaluate --protocol cfproxy`. Every question is asked in three wordings: as in
# the samples, and in the source's two.

# %%
from retia.evaluation import EvaluateConfig
from retia.evaluation.cfproxy import run_cfproxy, write_cfproxy
from retia.evaluation.cfproxy.conventions import CONVENTIONS
from retia.evaluation.cfproxy.replies import ask_protocol, loader_of
from retia.evaluation.plan.protocols import TITLES
from retia.evaluation.predictors.student import student_predictor

out = RUN / "audit"
config = EvaluateConfig(samples=samples, out=out, questions=QUESTIONS, seed=5)
predictor, load = student_predictor(student, 160), loader_of(samples)
found = run_cfproxy(config, predictor)
write_cfproxy(found, out)
print("\n".join(found.lines()))

# %% [markdown]
# ## Three wordings
#
# A small student obeys the words it was taught and no others: what it makes of the source's two
# wordings is a fact about wordings, and one that a single accuracy hides. The last column drops
# what cannot be read, as the source does; the two before it do not.

# %%
for name, own in found.prompts.items():
    print(f"{TITLES[name]}: parsed {own['parsed']:.3f}, with a box {own['box']:.3f}")
    print(f"   right, strict                         {own['strict']}")
    print(f"   right, source's convention            {own['source']}")
    print(f"   the same with unread replies dropped  {own['source_parsed_only']}")

# %% [markdown]
# ## One set of replies, three conventions, two blind baselines
#
# The baselines never see an image: the most frequent answer to questions of the kind, and the
# answer that the words of the question alone suggest. A model that does not clear them says
# nothing about images, whatever the convention.

# %%
for name, title in CONVENTIONS.items():
    print(title)
    for column, value in found.conventions[name].items():
        print(f"   {column.replace('_', ' '):16s} {value}")

# %% [markdown]
# ## Does it look?
#
# The same questions about a blank image of the same size and mean. Paired: the gain of seeing. The
# source has no such control.

# %%
import numpy as np

from retia.evaluation.plan.controls import blank
from retia.statistics import ratio_interval

seen = found.replies["own"]
items = [reply.item for reply in seen]
blind = ask_protocol(items, "own", predictor, lambda case: blank(load(case)))
gains = [a.right["strict"] - b.right["strict"] for a, b in zip(seen, blind, strict=True)]
groups = [item.case.group for item in items]
print("right on a blank image", np.mean([b.right["strict"] for b in blind]).round(3))
gain = ratio_interval(gains, np.ones(len(gains)), groups)
print("own image minus blank ", gain)
shown = gain.low is not None and gain.low > 0
print("this student", "uses the image" if shown else "is not shown to use the image at all")

# %% [markdown]
# ## Coverage at the source's thresholds
#
# Its confidence is how much of the question the caption repeats. In a useful order accuracy rises
# as coverage falls; the areas below say whether it does.

# %%
for row in found.thresholds:
    print(
        f"at least {row['threshold']:.1f}: coverage {row['coverage'].estimate:.3f}, "
        f"right, strict {row['strict']}"
    )
print(
    f"area under risk over coverage {found.ordering['aurc']:.3f}; "
    f"in a random order {found.ordering['random_aurc']:.3f} (lower is better)"
)

# %% [markdown]
# ## Regions
#
# VQA-RAD marks no regions, and a student taught on it has never seen a box: where no reply gives
# one there is nothing to remove, and no delta is made up. A model that does give boxes (through
# `retia evaluate --endpoint`, say) fills these columns; `slake_protocol.ipynb` shows them filled,
# on drawn pictures.

# %%
print("regions removed:", {source: own["all"]["items"] for source, own in found.effects.items()})
print("without deltas:", found.unmeasured)

# %% [markdown]
# ## One row of the table

# %%
first = json.loads((out / "cfproxy.jsonl").read_text().splitlines()[0])
for name, value in first.items():
    print(f"{name:32s} {value if name != 'image_path' else Path(value).name!r}")

# %%
from PIL import Image

picture = Image.fromarray(load(seen[0].item.case))
picture.thumbnail((240, 240))
picture

# %% [markdown]
# What each of these numbers does and does not mean is written in `docs/cfproxy.md`.
