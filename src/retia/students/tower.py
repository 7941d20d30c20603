"""The embedded student's vision tower: a small convolutional network with attention on top.

In:  pixel values, shape `(B, 3, S, S)`, in [-1, 1].
Out: one vector per cell of a `G x G` grid, shape `(B, G * G, hidden_size)`.

Trained from scratch on a CPU, a convolutional stem learned lesions several times faster than a
ViT of the same size. The tower is an ordinary `PreTrainedModel`; `register` makes it known to
`AutoModel`, so that a stock `LlavaForConditionalGeneration` can carry it.
"""

import functools
from typing import ClassVar

import torch
from torch import nn
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput

MODEL_TYPE = "retia_tower"


class TowerConfig(PreTrainedConfig):
    """Sizes of the tower."""

    model_type = MODEL_TYPE

    image_size: int = 128
    num_channels: int = 3
    widths: tuple[int, ...] | list[int] = (32, 64, 128)
    """Channels after each halving of the image."""
    hidden_size: int = 192
    last_stride: int = 2
    """Stride of the last convolution, which makes the grid."""
    num_hidden_layers: int = 2
    num_attention_heads: int = 4
    initializer_range: float = 0.02

    @property
    def patch_size(self) -> int:
        """Side of one cell of the grid, in input pixels."""
        return 2 ** len(self.widths) * self.last_stride

    @property
    def grid(self) -> int:
        """Cells along one side."""
        return self.image_size // self.patch_size


class Residual(nn.Module):
    """Two 3x3 convolutions around a skip connection."""

    def __init__(self, width: int) -> None:
        """Build for `width` channels."""
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm_first = nn.GroupNorm(8, width)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm_second = nn.GroupNorm(8, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Keep the shape `(B, C, H, W)`."""
        inner = torch.relu(self.norm_first(self.first(x)))
        return torch.relu(x + self.norm_second(self.second(inner)))


class Block(nn.Module):
    """Self-attention and a two-layer network, each behind its own normalisation."""

    def __init__(self, size: int, heads: int) -> None:
        """Build for vectors of `size`."""
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.LayerNorm(size)
        self.qkv = nn.Linear(size, 3 * size)
        self.out = nn.Linear(size, size)
        self.norm_mlp = nn.LayerNorm(size)
        self.mlp = nn.Sequential(nn.Linear(size, 3 * size), nn.GELU(), nn.Linear(3 * size, size))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Keep the shape `(B, N, size)`."""
        batch, count, size = x.shape
        qkv = self.qkv(self.norm_attention(x)).view(batch, count, 3, self.heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        mixed = nn.functional.scaled_dot_product_attention(q, k, v)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, count, size))
        return x + self.mlp(self.norm_mlp(x))


class Tower(PreTrainedModel):
    """The vision tower."""

    config_class = TowerConfig
    main_input_name = "pixel_values"
    input_modalities = ["image"]  # noqa: RUF012 (as the parent declares it)
    # Its attention is torch's own, whatever a loader asks for.
    _supports_sdpa = True
    _no_split_modules: ClassVar[list[str]] = ["Block"]

    def __init__(self, config: TowerConfig) -> None:
        """Build from sizes."""
        super().__init__(config)
        layers: list[nn.Module] = []
        before = config.num_channels
        for place, width in enumerate(config.widths):
            size = 5 if place == 0 else 3
            layers += [
                nn.Conv2d(before, width, size, stride=2, padding=size // 2, bias=False),
                nn.GroupNorm(8, width),
                nn.ReLU(),
            ]
            if place:
                layers.append(Residual(width))
            before = width
        stride = config.last_stride
        layers.append(nn.Conv2d(before, config.hidden_size, 3, stride=stride, padding=1))
        self.stem = nn.Sequential(*layers)
        cells = config.grid**2
        self.position = nn.Parameter(torch.zeros(1, cells, config.hidden_size))
        self.blocks = nn.ModuleList(
            Block(config.hidden_size, config.num_attention_heads)
            for _ in range(config.num_hidden_layers)
        )
        self.norm = nn.LayerNorm(config.hidden_size)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=self.config.initializer_range)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, (nn.GroupNorm, nn.LayerNorm)):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
        elif isinstance(module, Tower):
            nn.init.trunc_normal_(module.position, std=self.config.initializer_range)

    def forward(self, pixel_values: torch.Tensor, **_: object) -> BaseModelOutput:
        """Return the grid's vectors, shape `(B, G * G, hidden_size)`, row by row."""
        grid = self.stem(pixel_values.to(self.position.dtype))
        x = grid.flatten(2).transpose(1, 2) + self.position
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        return BaseModelOutput(last_hidden_state=x, hidden_states=(x,))


@functools.cache
def register() -> None:
    """Make the tower known to `AutoConfig` and `AutoModel`."""
    AutoConfig.register(MODEL_TYPE, TowerConfig)
    AutoModel.register(TowerConfig, Tower)
