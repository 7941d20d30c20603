"""One step over many items: configs, resume, worker processes, progress, `run.json`, recipes."""

from retia.runs.config import StepConfig
from retia.runs.progress import track
from retia.runs.seeds import item_seed
from retia.runs.step import Step, open_step

__all__ = ["Step", "StepConfig", "item_seed", "open_step", "track"]
