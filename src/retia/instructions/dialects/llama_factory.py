"""LLaMA-Factory: ShareGPT files, the description of them, a training YAML and a launch script.

See github hiyouga/LLaMA-Factory, `data/README.md` and `examples/`. Its reader skips, after a mere
warning, rows whose turns do not alternate, whose roles are not the tags named, or that do not end
with an answer; and its `cutoff_len` cuts image tokens, which stops the run. The YAML is therefore
reckoned from the samples.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from retia.records import Sample

INFO, TRAINING, LAUNCH = "dataset_info.json", "train_lora.yaml", "train.sh"
IMAGE_SIDE_PX = 768
TOKEN_SIDE_PX = 28
"""Side of the patch of pixels behind one image token of Qwen2-VL and Qwen2.5-VL."""
LETTERS_PER_TOKEN = 2.0
"""Fewer than English has on average: the estimate of a text's tokens is meant to be too large."""


def llama_factory_files(
    files: Sequence[str], samples: Sequence[Sample], base_model: str, template: str
) -> dict[str, str]:
    """The files beside the rows, by name.

    Args:
        files: Names of the files of rows, such as `train.json`.
        samples: What they hold.
        base_model: Name or folder of the model to tune.
        template: LLaMA-Factory's name of its chat template.
    """
    info = json.dumps(dataset_info(files), indent=2)
    return {
        INFO: f"{info}\n",
        TRAINING: _training(files, samples, base_model, template),
        LAUNCH: _launch(),
    }


def dataset_info(files: Sequence[str]) -> dict[str, Any]:
    """Describe ShareGPT files: columns and tags, all named."""
    return {
        name_of(file): {
            "file_name": file,
            "formatting": "sharegpt",
            "columns": {"messages": "conversations", "images": "images"},
            "tags": {
                "role_tag": "from",
                "content_tag": "value",
                "user_tag": "human",
                "assistant_tag": "gpt",
                "system_tag": "system",
            },
        }
        for file in files
    }


def name_of(file: str) -> str:
    """What LLaMA-Factory calls the set of a file."""
    return f"retia_{Path(file).stem}"


def _training(
    files: Sequence[str], samples: Sequence[Sample], base_model: str, template: str
) -> str:
    stems = {Path(file).stem: file for file in files}
    learnt = name_of(stems.get("train", files[0]))
    held_out = next((stems[stem] for stem in ("validation", "val") if stem in stems), None)
    lines = [
        "# Run with train.sh, or: llamafactory-cli train train_lora.yaml (in this folder).",
        "# LoRA on the language model, vision tower and projector frozen, loss on answers alone.",
        f"model_name_or_path: {json.dumps(base_model)}",
        f"template: {template}",
        "stage: sft",
        "do_train: true",
        "finetuning_type: lora",
        "lora_target: all",
        "lora_rank: 16",
        "lora_alpha: 32",
        "lora_dropout: 0.05",
        "freeze_vision_tower: true",
        "freeze_multi_modal_projector: true",
        "dataset_dir: .",
        "media_dir: .",
        f"dataset: {learnt}",
        f"image_max_pixels: {IMAGE_SIDE_PX**2}",
        f"# The longest sample and its images, reckoned at {LETTERS_PER_TOKEN:g} letters a token.",
        f"cutoff_len: {longest_tokens(samples)}",
        "per_device_train_batch_size: 1",
        "gradient_accumulation_steps: 16",
        "learning_rate: 1.0e-4",
        "num_train_epochs: 2.0",
        "lr_scheduler_type: cosine",
        "warmup_ratio: 0.03",
        "bf16: true",
        "gradient_checkpointing: true",
        "output_dir: model",
        "logging_steps: 10",
        "save_steps: 500",
        "seed: 0",
    ]
    if held_out is not None:
        lines += [
            f"eval_dataset: {name_of(held_out)}",
            "eval_strategy: steps",
            "eval_steps: 500",
            "per_device_eval_batch_size: 1",
            "load_best_model_at_end: true",
        ]
    return "\n".join(lines) + "\n"


def longest_tokens(samples: Sequence[Sample]) -> int:
    """Tokens of the longest sample with its images, as a whole number of 1024."""
    per_image = math.ceil(IMAGE_SIDE_PX / TOKEN_SIDE_PX) ** 2
    longest = max(
        per_image * len(s.images) + sum(len(m.text) for m in s.messages) / LETTERS_PER_TOKEN
        for s in samples
    )
    return 1024 * math.ceil((longest + 128) / 1024)


def _launch() -> str:
    return (
        "#!/usr/bin/env bash\n"
        "# Needs LLaMA-Factory (pip install llamafactory) and a GPU. Paths are relative to here.\n"
        "set -euo pipefail\n"
        'cd "$(dirname "${BASH_SOURCE[0]}")"\n'
        f'llamafactory-cli train {TRAINING} "$@"\n'
    )
