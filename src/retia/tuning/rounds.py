"""One round of supervised fine-tuning through TRL's `SFTTrainer`.

In:  a student and rows of training and validation samples.
Out: the student, trained in place; metrics rows through a callback.
"""

import logging
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from retia.students.precision import use_bf16
from retia.students.student import Student
from retia.tuning.samples import make_collator, to_dataset
from retia.tuning.settings import Round

log = logging.getLogger("retia")

LOG_EVERY = 25


def train_round(
    student: Student,
    rows: list[dict[str, Any]],
    held_out: list[dict[str, Any]],
    settings: Round,
    name: str,
    seed: int,
    flips: bool,
    jitter: float,
    write: Callable[[dict[str, Any]], None],
    known_tokens: int | None = None,
) -> Student:
    """Train on the answers of the rows.

    Args:
        student: Trained in place; with LoRA the returned student carries an unmerged adapter.
        rows: From `to_rows`.
        held_out: Rows of the validation split, for the evaluation loss; may be empty.
        settings: Method, steps, rates.
        name: Written into every metrics row.
        seed: Of everything random.
        flips: Mirror images and words at random (embedded student only).
        jitter: Strength of random brightness, contrast and noise.
        write: Called with each metrics row.
        known_tokens: Tokens from this one on are new: with LoRA their embeddings are trained too.
    """
    import torch
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    settings = settings.resolved(student.family.name == "embedded")
    torch.manual_seed(seed)
    collate = make_collator(student, flips=flips, jitter=jitter, seed=seed)
    plain = make_collator(student)
    lazy = not student.family.fixed_tokens
    cuda = torch.cuda.is_available() and student.model.device.type == "cuda"
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # TRL 1.16 still says gradient_checkpointing, which transformers 5.23 calls by a new name.
        warnings.simplefilter("ignore", FutureWarning)
        if settings.method == "lora":
            student = replace(student, model=_with_adapter(student, settings, known_tokens))
        arguments = SFTConfig(
            output_dir=folder,
            max_steps=settings.steps,
            per_device_train_batch_size=settings.batch_size,
            per_device_eval_batch_size=4 * settings.batch_size,
            learning_rate=settings.learning_rate or 0.0,
            lr_scheduler_type="cosine",
            warmup_steps=min(settings.warmup_steps, settings.steps // 4 + 1),
            max_grad_norm=1.0,
            bf16=use_bf16(student.model.device.type),
            use_cpu=not cuda,
            assistant_only_loss=True,
            max_length=None,
            remove_unused_columns=False,
            gradient_checkpointing=False,
            dataloader_pin_memory=False,
            save_strategy="no",
            logging_steps=min(LOG_EVERY, settings.steps),
            # Rows of like length go together: a quarter less padding.
            train_sampling_strategy="group_by_length",
            disable_tqdm=True,
            report_to="none",
            seed=seed % 2**31,
        )
        trainer = SFTTrainer(
            model=student.model,
            args=arguments,
            processing_class=student.processor,
            train_dataset=to_dataset(rows, lazy),
            eval_dataset=to_dataset(held_out, lazy) if held_out else None,
            data_collator=collate,
            optimizers=(_optimizer(student.model, settings), None),
        )
        _report(trainer, name, write)
        attention = _set_attention(student, "eager")
        started = time.process_time()
        trainer.train()
        spent = time.process_time() - started
        if held_out:
            trainer.data_collator = plain
            trainer.evaluate()
    seen = settings.steps * settings.batch_size
    log.info("%s: %d images, %.1f per CPU second", name, seen, seen / spent)
    _restore_forward(student.model)
    _set_attention(student, attention)
    student.model.eval()
    return student


def _set_attention(student: Student, name: str) -> str:
    """Choose the embedded student's attention and return the one before.

    On a CPU the fused kernel's backward pass makes a training step a fifth slower (measured).
    """
    model = student.model
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    before = base.config.get_text_config()._attn_implementation
    if student.family.name == "embedded" and base.device.type == "cpu":
        base.model.language_model.set_attn_implementation(name)
    return before


def _restore_forward(model: Any) -> None:
    """Take off what TRL (fused head) and accelerate (autocast) put over the model's `forward`."""
    model.__dict__.pop("forward", None)
    model.__dict__.pop("_original_forward", None)
    if hasattr(model, "get_base_model"):
        _restore_forward(model.get_base_model())


def lora_config(student: Student, rank: int, alpha: int) -> Any:
    """PEFT's settings of an adapter on the layers that the student's family names."""
    from peft import LoraConfig

    return LoraConfig(
        r=rank,
        lora_alpha=alpha,
        target_modules=student.family.lora_targets,
        task_type="CAUSAL_LM",
    )


def _with_adapter(student: Student, settings: Round, known_tokens: int | None) -> Any:
    from peft import get_peft_model

    model = get_peft_model(student.model, lora_config(student, settings.rank, settings.alpha))
    if known_tokens is not None and known_tokens < len(student.tokenizer):
        _train_new_rows(model.get_input_embeddings().weight, known_tokens)
    return model


def _train_new_rows(embeddings: Any, known_tokens: int) -> None:
    """Let only the embeddings of new tokens learn: an adapter cannot make a token never trained.

    (PEFT's own `trainable_token_indices` wraps the head, which TRL 1.16 cannot take.)
    """

    def mask(gradient: Any) -> Any:
        gradient = gradient.clone()
        gradient[:known_tokens] = 0
        return gradient

    embeddings.requires_grad_(True)
    embeddings.register_hook(mask)


def _optimizer(model: Any, settings: Round) -> Any:
    """AdamW with a rate of its own for vision tower, projector and text model."""
    import torch

    projector = settings.projector_rate
    rates = {
        "vision": settings.vision_rate if settings.method == "full" else settings.learning_rate,
        "projector": settings.learning_rate if projector is None else projector,
        "text": settings.learning_rate,
    }
    groups: dict[tuple[str, bool], list[Any]] = {}
    for name, weight in model.named_parameters():
        part = "text"
        if "vision_tower" in name or ".visual." in name:
            part = "vision"
        elif "projector" in name or "merger" in name:
            part = "projector"
        if rates[part] == 0:
            weight.requires_grad_(False)
        if weight.requires_grad:
            # Scales, biases and positions are not decayed; nor is, with LoRA, a row that is masked.
            masked = settings.method == "lora" and "lora_" not in name
            groups.setdefault((part, weight.ndim > 1 and not masked), []).append(weight)
    return torch.optim.AdamW(
        [
            {
                "params": weights,
                "lr": rates[part],
                "weight_decay": settings.weight_decay if decayed else 0.0,
            }
            for (part, decayed), weights in groups.items()
        ],
        betas=(0.9, 0.98),
        fused=True,
    )


def _report(trainer: Any, name: str, write: Callable[[dict[str, Any]], None]) -> None:
    from transformers import PrinterCallback, TrainerCallback

    kept = ("loss", "eval_loss", "mean_token_accuracy", "eval_mean_token_accuracy", "grad_norm")

    class Report(TrainerCallback):
        def on_log(
            self, args: Any, state: Any, control: Any, logs: dict[str, Any], **_: Any
        ) -> None:
            row = {k: round(float(logs[k]), 5) for k in kept if k in logs}
            if "loss" in row or "eval_loss" in row:
                write({"part": name, "step": state.global_step} | row)

    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(Report())
