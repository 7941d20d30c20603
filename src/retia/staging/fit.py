"""Fit the graph network: graphs with known classes in, a model out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from retia.runs import StepConfig

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch_geometric.data import HeteroData

    from retia.staging.model import StageModel


@dataclass(frozen=True, kw_only=True)
class FitConfig(StepConfig):
    """How the graph network is built and trained."""

    label: str = "stage"
    """What to tell: `stage`, another field of a case, or the key of a label such as `dr`."""
    epochs: int = 30
    """Rounds over the training part at most; the best on the validation part is kept."""
    patience: int = 10
    """Epochs without a better validation after which training stops."""
    batch_size: int = 8
    """Graphs a step."""
    learning_rate: float = 3e-3
    """Peak of the one-cycle schedule."""
    weight_decay: float = 1e-3
    """Of AdamW."""
    label_smoothing: float = 0.0
    """Share of each target that is spread evenly over all classes."""
    class_weights: bool = True
    """Whether every class counts alike in the loss, however rare it is."""
    hidden: int = 24
    """Width of the network."""
    layers: int = 1
    """Rounds of message passing."""
    dropout: float = 0.2
    """Share of pooled features dropped in training."""
    conv: Literal["sage", "gat", "gcn", "graphconv"] = "sage"
    """How messages are added up."""
    segment_pool: str = "mean+max"
    """How segments are pooled: `mean`, `max`, `add`, or several joined by `+`."""
    area_pool: str = "mean+max"
    """How intercapillary areas are pooled."""

    def network(self, classes: Sequence[str]) -> dict[str, Any]:
        """The arguments of `StageNetwork`."""
        return {
            "hidden": self.hidden,
            "layers": self.layers,
            "dropout": self.dropout,
            "conv": self.conv,
            "pool": {"segment": self.segment_pool, "area": self.area_pool},
            "classes": list(classes),
        }


@dataclass(frozen=True)
class Part:
    """Raw graphs and the number of the class of each."""

    graphs: Sequence["HeteroData"]
    truth: Sequence[int]

    def of_class(self, number: int) -> list["HeteroData"]:
        """The graphs of one class."""
        return [g for g, t in zip(self.graphs, self.truth, strict=True) if t == number]


def fit(
    config: FitConfig,
    classes: Sequence[str],
    train: Part,
    validation: Part,
    seed: int,
    epochs: Iterable[int] | None = None,
) -> tuple["StageModel", list[dict[str, float]]]:
    """Train on one part, choose the epoch on another.

    Args:
        config: How.
        classes: What the numbers of the parts stand for; the healthy one first.
        train: Fits the scaling and the weights.
        validation: Chooses the epoch.
        seed: Same seed, same weights.
        epochs: Their numbers, for a caller that shows how far they are.

    Returns:
        The model, and per epoch its loss and validation score.
    """
    import torch
    from torch_geometric.data import Batch

    from retia.staging.model import StageModel

    torch.manual_seed(seed)
    model = StageModel.untrained(
        config.network(classes), train.graphs, train.of_class(0), config.label
    )
    scaled = [model.scaling.apply(g) for g in train.graphs]
    held = [model.scaling.apply(g) for g in validation.graphs]

    def logits(rows: "np.ndarray") -> torch.Tensor:
        batch = Batch.from_data_list([scaled[i] for i in rows])  # type: ignore[arg-type]
        return model.logits(batch, len(rows))

    history = optimise(
        config,
        model.network,
        logits,
        lambda: model.scaled_probabilities(held),
        (train.truth, validation.truth, len(classes)),
        seed,
        epochs,
    )
    return model, history


def optimise(
    config: FitConfig,
    network: "torch.nn.Module",
    logits: Callable[["np.ndarray"], "torch.Tensor"],
    held_out: Callable[[], "torch.Tensor"],
    truth: tuple[Sequence[int], Sequence[int], int],
    seed: int,
    epochs: Iterable[int] | None = None,
) -> list[dict[str, float]]:
    """Train any network by AdamW on one cycle of the learning rate, and keep its best epoch.

    The best is that of the highest log-probability of the validation truth, every class counting
    alike: with a dozen validation eyes an accuracy has too few values to choose by.

    Args:
        config: How.
        network: Changed in place; left in evaluation mode.
        logits: Takes numbers of training rows, returns their logits, shape `(B, K)`.
        held_out: Returns probabilities of the validation rows, shape `(N, K)`.
        truth: Classes of the training rows, of the validation rows, and how many classes.
        seed: Of the order of rows and of dropout.
        epochs: Their numbers; all of `config` when left out.

    Returns:
        Per epoch its loss and validation score.
    """
    import numpy as np
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    target, held, classes = torch.tensor(truth[0]), torch.tensor(truth[1]), truth[2]
    loss_of = torch.nn.CrossEntropyLoss(
        weight=balanced_weights(target, classes) if config.class_weights else None,
        label_smoothing=config.label_smoothing,
    )
    optimizer = torch.optim.AdamW(
        network.parameters(), config.learning_rate, weight_decay=config.weight_decay
    )
    steps = config.epochs * -(-len(target) // config.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.learning_rate, steps)
    rng = np.random.default_rng(seed)
    best_epoch, best_state, history = 0, None, []
    for epoch in epochs or range(config.epochs):
        network.train()
        order, losses = rng.permutation(len(target)), []
        for start in range(0, len(order), config.batch_size):
            rows = order[start : start + config.batch_size]
            loss = loss_of(logits(rows), target[rows])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        network.eval()
        score = likelihood(held_out(), held)
        history.append({"epoch": epoch, "loss": float(np.mean(losses)), "validation": score})
        if best_state is None or score > history[best_epoch]["validation"]:
            best_epoch = epoch
            best_state = {k: v.clone() for k, v in network.state_dict().items()}
        if epoch - best_epoch >= config.patience:
            break
    assert best_state is not None
    network.load_state_dict(best_state)
    network.eval()
    return history


def balanced_weights(truth: "torch.Tensor", classes: int) -> "torch.Tensor":
    """Weights `N / (K n_c)` under which every class counts alike; an absent class weighs 0."""
    counts = truth.bincount(minlength=classes).float()
    return (len(truth) / (classes * counts)).nan_to_num(posinf=0.0)


def likelihood(probabilities: "torch.Tensor", truth: "torch.Tensor") -> float:
    """Mean log-probability of the truth, every class counting alike; 0 is perfect."""
    import torch

    of_truth = probabilities[torch.arange(len(truth)), truth].clamp_min(1e-9).log()
    weight = balanced_weights(truth, probabilities.shape[1])[truth]
    return float((of_truth * weight).sum() / weight.sum())
