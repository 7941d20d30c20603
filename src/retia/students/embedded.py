"""The embedded student: LLaVA's architecture at a size that a CPU trains in minutes.

In:  the texts it shall be able to read and write, and a seed.
Out: a `Student` with fresh weights: tokenizer, processor, chat template, model.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retia.students.families import FAMILIES
from retia.students.student import Student

PAD, END, USER, ASSISTANT, SYSTEM = "<|pad|>", "<|end|>", "<|user|>", "<|assistant|>", "<|system|>"
IMAGE = FAMILIES["embedded"].image_token

CHAT_TEMPLATE = """\
{%- macro render(content) -%}
{%- if content is string -%}{{ content }}
{%- else -%}
{%- for part in content -%}
{%- if part['type'] == 'image' -%}<image>{%- else -%}{{ part['text'] }}{%- endif -%}
{%- endfor -%}
{%- endif -%}
{%- endmacro -%}
{%- for message in messages -%}
{%- if message['role'] == 'assistant' -%}
<|assistant|>{% generation %}{{ render(message['content']) }}<|end|>{% endgeneration %}
{%- else -%}
<|{{ message['role'] }}|>{{ render(message['content']) }}<|end|>
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}<|assistant|>{%- endif -%}"""


@dataclass(frozen=True, kw_only=True)
class EmbeddedSize:
    """How large a new embedded student is."""

    image_size: int = 128
    """Side of the image the tower sees, in pixels."""
    last_stride: int = 2
    """Stride of the tower's last convolution: image size / (8 * stride) cells a side."""
    hidden_size: int = 192
    layers: int = 3
    heads: int = 4
    vocabulary: int = 800
    """Largest number of tokens."""


def build(texts: Iterable[str], size: EmbeddedSize, seed: int) -> Student:
    """Build a new embedded student.

    Args:
        texts: Everything it shall be able to say; the tokenizer is trained on them.
        size: Its size.
        seed: The same seed gives the same weights.
    """
    import torch
    from transformers import LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

    from retia.students.tower import TowerConfig, register

    register()
    tokenizer = train_tokenizer(texts, size.vocabulary)
    vision = TowerConfig(
        image_size=size.image_size, last_stride=size.last_stride, hidden_size=size.hidden_size
    )
    special = {
        "pad_token_id": tokenizer.pad_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "bos_token_id": None,
    }
    text = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=size.hidden_size,
        intermediate_size=3 * size.hidden_size,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        num_key_value_heads=size.heads,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        **special,
    )
    config = LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=tokenizer.convert_tokens_to_ids(IMAGE),
        image_seq_length=vision.grid**2,
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
        tie_word_embeddings=True,
        **special,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlavaForConditionalGeneration(config)
    for name, value in special.items():
        setattr(model.generation_config, name, value)
    processor = make_processor(tokenizer, size.image_size, vision.patch_size)
    return Student(model=model.eval(), processor=processor, family=FAMILIES["embedded"])


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Any:
    """Train a byte-level BPE tokenizer with single digits; any text can be written with it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[PAD, END, USER, ASSISTANT, SYSTEM, IMAGE],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        extra_special_tokens=[USER, ASSISTANT, SYSTEM, IMAGE],
        clean_up_tokenization_spaces=False,
        model_max_length=1024,
    )


def make_processor(tokenizer: Any, image_size: int, patch_size: int) -> Any:
    """Return the processor: antialiased down-sampling with PIL, values in [-1, 1]."""
    from transformers import LlavaProcessor
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    return LlavaProcessor(
        image_processor=SiglipImageProcessorPil(size={"height": image_size, "width": image_size}),
        tokenizer=tokenizer,
        patch_size=patch_size,
        vision_feature_select_strategy="full",
        chat_template=CHAT_TEMPLATE,
        image_token=IMAGE,
    )


def read_processor(folder: Path, tokenizer: Any) -> Any:
    """Return the processor of a saved student, always with PIL: no torchvision, same pixels."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    vision = config["vision_config"]
    patch = 2 ** len(vision["widths"]) * vision["last_stride"]
    return make_processor(tokenizer, vision["image_size"], patch)
