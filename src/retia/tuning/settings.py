"""Settings of the parts of `retia sft`: light, so that `--help` is instant."""

from dataclasses import dataclass, replace
from typing import Literal

from retia.errors import UserError


@dataclass(frozen=True, kw_only=True)
class TowerSettings:
    """Pre-training of the vision tower."""

    steps: int = 1500
    batch_size: int = 8
    """Small batches learn more in the same time than large ones (measured)."""
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warmup_steps: int = 60
    jitter: float = 0.2
    """Strength of random brightness, contrast and noise."""
    evaluate_every: int = 500
    """Steps between two measurements on the validation split."""
    held_out: int = 256
    """Largest number of validation eyes."""


@dataclass(frozen=True, kw_only=True)
class Round:
    """One of the two rounds of supervised fine-tuning."""

    method: Literal["full", "lora"] | None = None
    """Train every weight, or a LoRA adapter of the text model, which is merged afterwards; when
    left out, `full` for the embedded student and `lora` for every other."""
    steps: int = 1500
    """Optimizer steps; 0 skips the round."""
    batch_size: int = 8
    learning_rate: float | None = None
    """Peak rate of the text model (with LoRA: of the adapter); when left out, 1.2e-3 for the
    embedded student and 1e-4 for every other."""
    projector_rate: float | None = None
    """Peak rate of the projector; the text model's when absent. Unused with LoRA."""
    vision_rate: float = 0.0
    """Peak rate of the vision tower; 0 freezes it, which makes the text learn to look at a
    pre-trained tower sooner and every step a third cheaper (measured). Unused with LoRA."""
    weight_decay: float = 0.05
    warmup_steps: int = 40
    replay: float = 0.0
    """Share of this round's samples drawn from the other round's, so that nothing is forgotten."""
    rank: int = 16
    """Rank of the adapter."""
    alpha: int = 32
    """Scale of the adapter; its change is multiplied by alpha / rank."""

    def __post_init__(self) -> None:
        """Refuse settings that cannot work.

        Raises:
            UserError: Naming the field.
        """
        if self.steps < 0 or self.batch_size < 1:
            raise UserError(
                f"steps is {self.steps} and batch_size {self.batch_size}. "
                "Expected steps >= 0 and batch_size >= 1."
            )
        if not 0 <= self.replay < 1:
            raise UserError(f"replay is {self.replay}. It is a share, at least 0 and below 1.")

    def resolved(self, embedded: bool) -> "Round":
        """These settings with what was left out filled in for the embedded student or another."""
        method = self.method or ("full" if embedded else "lora")
        rate = self.learning_rate or (1.2e-3 if embedded else 1e-4)
        return replace(self, method=method, learning_rate=rate)


@dataclass(frozen=True, kw_only=True)
class RewardWeights:
    """How much each reward of `retia grpo` counts; 0 leaves it out."""

    format: float = 0.2
    """A JSON answer with caption, reasons and answer."""
    answer: float = 0.4
    """The right answer, by the type of the gold answer."""
    consistency: float = 0.2
    """The stage follows from the reasons given for it."""
    counterfactual: float = 0.2
    """The text rests on the region it should rest on, not on a random one."""

    def __post_init__(self) -> None:
        """Refuse weights that cannot work.

        Raises:
            UserError: If one is below 0, or none above.
        """
        weights = vars(self)
        if min(weights.values()) < 0 or not any(weights.values()):
            raise UserError(
                f"the weights are {weights}. Expected none below 0, and at least one above."
            )
