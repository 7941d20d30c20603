"""The training itself, through TRL's `GRPOTrainer`.

In:  a student and training samples.
Out: the student, trained in place; a row of metrics a step.
"""

import logging
import math
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from retia.counterfactuals import student_scorer
from retia.records import Sample
from retia.students.ask import in_pixels, seen_size
from retia.students.boxes import to_family
from retia.students.conversation import to_rgb
from retia.students.precision import use_bf16
from retia.students.student import Student
from retia.tuning.grpo_rewards import Values, rewards_of
from retia.tuning.grpo_tasks import Tasks, question_of
from retia.tuning.grpo_tower import remembered_images
from retia.tuning.rewards import REWARDS
from retia.tuning.rounds import lora_config

if TYPE_CHECKING:
    from retia.tuning.grpo import GrpoConfig

log = logging.getLogger("retia")

RewardFunction = Callable[..., Values]


def train(
    student: Student,
    samples: Sequence[Sample],
    config: "GrpoConfig",
    seed: int,
    write: Callable[[dict[str, Any]], None],
    functions: dict[str, tuple[RewardFunction, float]] | None = None,
) -> Student:
    """Train a student on the rewards of its own rollouts.

    Group Relative Policy Optimization: Shao et al. (2024), "DeepSeekMath".

    Args:
        student: Trained in place; with LoRA the returned student carries an unmerged adapter.
        samples: Of the training split.
        config: Of the run.
        seed: Of everything random.
        write: Called with each row of metrics.
        functions: Reward functions as TRL calls them, with their weights, in the place of the four
            rewards.
    """
    import torch
    from trl.trainer.grpo_config import GRPOConfig
    from trl.trainer.grpo_trainer import GRPOTrainer

    torch.manual_seed(seed)
    embedded = student.family.name == "embedded"
    method = config.method or ("full" if embedded else "lora")
    tasks = Tasks(config.samples, config.fill, config.random_regions, config.seed)
    _freeze_vision(student.model)
    if functions is None:
        functions = reward_functions(student, samples, tasks, config)
    cuda = torch.cuda.is_available() and student.model.device.type == "cuda"
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # TRL 1.16 still says gradient_checkpointing, which transformers 5.23 calls by a new name.
        warnings.simplefilter("ignore", FutureWarning)
        arguments = GRPOConfig(
            output_dir=folder,
            max_steps=config.steps,
            per_device_train_batch_size=config.batch_size * config.generations,
            num_generations=config.generations,
            max_completion_length=config.max_new_tokens,
            temperature=config.temperature,
            beta=config.beta,
            scale_rewards=config.scale_rewards,
            reward_weights=[weight for _, weight in functions.values()],
            learning_rate=config.learning_rate or (1e-4 if embedded else 1e-5),
            # Without decay, steps in which no rollout is better than another change nothing.
            weight_decay=0.0,
            lr_scheduler_type="linear",
            warmup_steps=min(config.warmup_steps, config.steps // 4 + 1),
            max_grad_norm=1.0,
            bf16=use_bf16(student.model.device.type),
            use_cpu=not cuda,
            remove_unused_columns=False,
            gradient_checkpointing=False,
            dataloader_pin_memory=False,
            save_strategy="no",
            logging_steps=1,
            disable_tqdm=True,
            report_to="none",
            seed=seed % 2**31,
        )
        trainer = GRPOTrainer(
            model=student.model,
            args=arguments,
            processing_class=student.processor,
            reward_funcs=[function for function, _ in functions.values()],
            train_dataset=to_prompts(samples, tasks, student),
            peft_config=lora_config(student, config.rank, config.alpha)
            if method == "lora"
            else None,
        )
        _report(trainer, write)
        started = time.process_time()
        with remembered_images(student):
            trainer.train()
        spent = time.process_time() - started
    log.info("grpo: %d steps, %.2f CPU seconds each", config.steps, spent / max(1, config.steps))
    trained: Any = trainer.accelerator.unwrap_model(trainer.model)
    return replace(student, model=trained.eval())


def reward_functions(
    student: Student, samples: Sequence[Sample], tasks: Tasks, config: "GrpoConfig"
) -> dict[str, tuple[RewardFunction, float]]:
    """Per reward with a weight above 0: a function as TRL calls it, and the weight.

    The counterfactual reward scores with the student as it is at that step.
    """
    scorer = student_scorer(student)

    def make(name: str) -> RewardFunction:
        def reward(completions: list[Any], number: list[int], **_: Any) -> Values:
            own = [samples[n] for n in number]
            images = tasks.images(own)
            texts = [
                in_pixels(student, _text(c), i) for c, i in zip(completions, images, strict=True)
            ]
            return rewards_of(name, own, texts, tasks, scorer)

        reward.__name__ = name
        return reward

    weights = vars(config.weights)
    return {name: (make(name), weights[name]) for name in REWARDS if weights[name] > 0}


def to_prompts(samples: Sequence[Sample], tasks: Tasks, student: Student) -> Any:
    """Samples as TRL reads them: a `datasets.Dataset` of `prompt`, `images` and `number`.

    Rows are made when they are read: chat messages with plain texts, the image as PIL, and the
    sample's place in `samples`.
    """
    from datasets import Dataset
    from PIL import Image

    def messages(sample: Sample) -> list[dict[str, str]]:
        image = tasks.image(sample)
        size, resized = image.shape[:2], seen_size(student, image)
        return [
            {"role": m.role, "content": to_family(m.text, size, student.family.boxes, resized)}
            for m in question_of(sample)
        ]

    def read(rows: dict[str, list[int]]) -> dict[str, list[Any]]:
        own = [samples[n] for n in rows["number"]]
        return {
            "number": rows["number"],
            "prompt": [messages(s) for s in own],
            "images": [[Image.fromarray(to_rgb(tasks.image(s)))] for s in own],
        }

    return Dataset.from_dict({"number": list(range(len(samples)))}).with_transform(read)


def _text(completion: Any) -> str:
    """The text of a completion, which TRL gives as messages, their contents texts or parts."""
    content = completion[0]["content"] if isinstance(completion, list) else completion
    if isinstance(content, str):
        return content
    return "".join(part.get("text") or "" for part in content)


def _freeze_vision(model: Any) -> None:
    """Keep the tower as it is: a few hundred rollouts say too little about how to see."""
    for name, weight in model.named_parameters():
        if "vision_tower" in name or ".visual." in name:
            weight.requires_grad_(False)


def _report(trainer: Any, write: Callable[[dict[str, Any]], None]) -> None:
    from transformers import PrinterCallback, TrainerCallback

    names = {
        "reward": "reward",
        "reward_std": "reward_std",
        "frac_reward_zero_std": "zero_variance_groups",
        "entropy": "entropy",
        "kl": "kl",
        "completions/mean_length": "length",
        "completions/clipped_ratio": "clipped",
        "grad_norm": "grad_norm",
    }

    class Report(TrainerCallback):
        def on_log(
            self, args: Any, state: Any, control: Any, logs: dict[str, Any], **_: Any
        ) -> None:
            if "reward" not in logs:
                return
            row: dict[str, Any] = {"part": "grpo", "step": state.global_step}
            row |= {name: _number(logs[key]) for key, name in names.items() if key in logs}
            for key, value in logs.items():
                if key.startswith("rewards/"):
                    reward, which = key.split("/")[1:]
                    row[reward if which == "mean" else f"{reward}_std"] = _number(value)
            write(row)

    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(Report())


def _number(value: Any) -> float | None:
    """A number for JSON; None where the reward applied to no rollout of the step."""
    return None if value is None or not math.isfinite(value) else round(float(value), 5)
