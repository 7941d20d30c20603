"""What `retia render` takes, and what of it makes no sense."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from retia.errors import UserError
from retia.runs import StepConfig

if TYPE_CHECKING:
    from retia.synthesis.appearance.gan import Gan


@dataclass(frozen=True, kw_only=True)
class RenderConfig(StepConfig):
    """What `retia render` takes."""

    cohort: Path
    """Folder that `retia grow` wrote; may stand without its flag: `retia render runs/cohort`."""
    appearance: Literal["learned", "noise", "plain", "gan"] = "learned"
    """How vessels become an image: learned from rendered OCTA, a physical noise model, as they are,
    or by a GAN of your own. A GAN is not local: one lesion changes every pixel, so it draws no
    twins and `retia grow` does not take it."""
    image_px: int | None = None
    """Side of the images: that of the cohort or a multiple of it; the cohort's when left out."""
    renderer: Path | None = None
    """For `learned`: folder of `retia render train`; the shipped renderer when left out."""
    gan_config: Path | None = None
    """For `gan`: configuration (YAML) of an OCTA-autosegmentation GAN; `checkpoints/` beside it."""
    gan_epoch: str = "150"
    """For `gan`: which checkpoint, a number or `best`."""
    device: str = "cpu"
    """For `gan`: where it runs, such as `cuda:0`. Bytes are the same on one kind of device only."""


def inputs_of(config: RenderConfig) -> dict[str, Path]:
    """The files that decide what is drawn; wrong flags are refused before anything is written."""
    cohort, gan = config.cohort, config.appearance == "gan"
    for name in ("metadata.jsonl", "graphs"):
        if not (cohort / name).exists():
            raise UserError(f"{cohort} holds no {name}. Expected a cohort written by `retia grow`.")
    if gan != (config.gan_config is not None):
        raise UserError(
            f"appearance is `{config.appearance}` and gan_config is {config.gan_config}. Expected "
            "both `gan` and the file of its configuration, or neither."
        )
    if config.renderer is not None and config.appearance != "learned":
        raise UserError(
            f"renderer is {config.renderer} and appearance `{config.appearance}`. Expected "
            "`learned` with a renderer."
        )
    inputs = {"cases": cohort / "metadata.jsonl"}
    if (cohort / "run.json").is_file():
        inputs["cohort"] = cohort / "run.json"  # it stands for graphs too large to be hashed
    if config.renderer is not None:
        inputs["renderer"] = config.renderer
    if config.gan_config is not None:
        from retia.runs.config import read_yaml
        from retia.synthesis.appearance.gan import checkpoint_path, load_gan

        load_gan(gan_of(config))
        settings = read_yaml(config.gan_config)
        inputs["gan_config"] = config.gan_config
        inputs["gan_weights"] = checkpoint_path(config.gan_config, settings, config.gan_epoch)
    return inputs


def absolute(config: RenderConfig) -> RenderConfig:
    """The same with absolute paths: workers of a cluster stand in folders of their own."""
    paths = ("cohort", "renderer", "gan_config")
    values = {name: getattr(config, name) for name in paths}
    return replace(config, **{n: path.absolute() for n, path in values.items() if path})


def gan_of(config: RenderConfig) -> "Gan":
    """The GAN that the settings name."""
    from retia.synthesis.appearance.gan import Gan

    assert config.gan_config is not None
    return Gan(config=config.gan_config, epoch=config.gan_epoch, device=config.device)
