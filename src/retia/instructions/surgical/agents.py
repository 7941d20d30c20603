"""A procedure as files of the surgical agent framework (MONAI VLM-Surgical-Agent-Framework).

In:  a `Procedure`.
Out: texts by path, to be copied over the framework's folder: configs of its annotation and chat
     agents, a module for the first, prompts and the JSON Schema.

The framework's own annotation module holds the words of cholecystectomy in its code: it takes an
unknown phase for preparation, drops unknown tools, and makes an annotation up where it could read
none. The module written here takes the words from the config, and leaves out what does not fit.
"""

import json
from importlib import resources
from typing import Any

from retia.disclaimer import DISCLAIMER
from retia.instructions.surgical.prompts import annotation_prompt, chat_prompt, teacher_prompt
from retia.taxonomy import Procedure

MODULE = "procedure_annotation_agent"
SECONDS = 10
"""Between two annotations, as in the framework."""


def surgical_agents_files(procedure: Procedure) -> dict[str, str]:
    """All files that the framework needs for a procedure.

    Args:
        procedure: Everything comes from its taxonomy.

    Returns:
        Text by path relative to the framework's folder.
    """
    code = resources.files("retia.instructions.surgical").joinpath("agent_module.txt")
    schema = json.dumps(annotation_schema(procedure), indent=2)
    return {
        "agents/" + MODULE + ".py": code.read_text(encoding="utf-8"),
        "configs/annotation_agent.yaml": _yaml(_annotation_config(procedure, schema)),
        "configs/chat_agent.yaml": _yaml(_chat_config(procedure)),
        "prompts/annotation.txt": annotation_prompt(procedure),
        "prompts/chat.txt": chat_prompt(procedure),
        "prompts/teacher.txt": teacher_prompt(procedure),
        "prompts/annotation_schema.json": schema + "\n",
        "PROCEDURE.md": _readme(procedure),
    }


def annotation_schema(procedure: Procedure) -> dict[str, Any]:
    """JSON Schema of one annotation, under the framework's keys; all words are closed lists."""
    events = {
        event: {"type": "string", "enum": ["true", "false", "unknown"]}
        for event in procedure.events
    }
    properties = {
        "tools": _list_of(list(procedure.instruments)),
        "anatomy": _list_of(list(procedure.targets)),
        "surgical_phase": {"type": "string", "enum": list(procedure.phases)},
        "events": {
            "type": "object",
            "properties": events,
            "required": list(events),
            "additionalProperties": False,
        },
        "description": {"type": "string"},
    }
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list_of(words: list[str]) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string", "enum": words}, "minItems": 0}


def _annotation_config(procedure: Procedure, schema: str) -> dict[str, Any]:
    return {
        "agent_metadata": {
            "name": "AnnotationAgent",
            "class_name": "AnnotationAgent",
            "module": f"agents.{MODULE}",
            "enabled": True,
            "category": "background",
            "priority": 100,
            "requires_llm": True,
            "requires_visual": True,
            "dependencies": [
                {"type": name, "name": name}
                for name in ("message_bus", "frame_queue", "on_annotation_callback")
            ],
            "publishes_events": ["annotation_created"],
            "lifecycle": "background",
        },
        "agent_name": "AnnotationAgent",
        "description": f"Annotates {procedure.name} every {SECONDS} s, in its own words only.",
        "max_prompt_tokens": 3000,
        "ctx_length": 1024,
        "agent_prompt": annotation_prompt(procedure),
        "publish": {"ags": ["response"]},
        "annotation_output_dir": "annotations",
        "time_step_seconds": SECONDS,
        "grammar": schema + "\n",
    }


def _chat_config(procedure: Procedure) -> dict[str, Any]:
    return {
        "agent_metadata": {
            "name": "ChatAgent",
            "class_name": "ChatAgent",
            "module": "agents.chat_agent",
            "enabled": True,
            "category": "conversational",
            "priority": 10,
            "requires_llm": True,
            "requires_visual": True,
            "dependencies": [],
            "lifecycle": "singleton",
        },
        "description": f"Answers questions about {procedure.name}: what is seen, and what is next.",
        "user_prefix": "<|im_start|>user",
        "bot_prefix": "<|im_start|>assistant",
        "bot_rule_prefix": "<|im_start|>system",
        "end_token": "<|im_end|>",
        "agent_prompt": chat_prompt(procedure),
        "user_prompt": "[img-0]\n\n{text}\n",
        "request": "{text}",
        "ctx_length": 256,
        "max_prompt_tokens": 3000,
        "publish": {"ags": ["response"]},
    }


def _yaml(config: dict[str, Any]) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes texts of several lines as such."""

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        style = "|" if "\n" in value else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    return yaml.dump(config, Dumper=Dumper, sort_keys=False, width=100, allow_unicode=True)


def _readme(procedure: Procedure) -> str:
    return f"""# {procedure.name} for the surgical agent framework

{DISCLAIMER}

Copy `agents/` and `configs/` over the folders of the framework; both configs take the place of its
own. Model and server stay in its `configs/global.yaml`. Annotations use the words of
`{procedure.id}.yaml` only; an answer with other words is logged and left out, never replaced.
`prompts/` holds the texts by themselves, and the prompt of a teacher.
"""
