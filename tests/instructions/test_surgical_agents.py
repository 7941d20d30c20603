"""The framework's files hold a procedure's words and no others, and make nothing up."""

import json
import sys
import types
from dataclasses import replace

import pytest
import yaml

from retia.instructions.surgical.agents import annotation_schema, surgical_agents_files
from retia.instructions.surgical.prompts import teacher_prompt
from retia.taxonomy import Procedure, procedure_path, read_procedure

FIRST = read_procedure("cholecystectomy")


@pytest.fixture
def other(tmp_path) -> Procedure:
    """A procedure that shares no word with the shipped one."""
    path = tmp_path / "knee.yaml"
    entry = {"name": "seeing the meniscus", "goal": "see it", "next": []}
    plain = {
        "id": "knee",
        "name": "knee arthroscopy",
        "image": "arthroscopic frame",
        "phases": {"look": entry},
        "instruments": {"probe": {"name": "probe"}},
        "verbs": {"touch": {"name": "touching"}},
        "targets": {"meniscus": {"name": "meniscus", "plural": "menisci"}},
        "triplets": {"probe": {"touch": ["meniscus"]}},
        "gates": {
            "flow": {
                "name": "flow",
                "question": "Does it flow?",
                "phase": "look",
                "facts": ["Water flows."],
            }
        },
        "red_flags": {
            "blur": {"name": "blur", "question": "What about blur?", "actions": ["Rinse."]}
        },
        "questions": dict(
            yaml.safe_load(procedure_path("cholecystectomy").read_text())["questions"]
        ),
    }
    for kind in plain["questions"]:
        plain["questions"][kind] = ["What is it?"]
    path.write_text(yaml.safe_dump(plain))
    return read_procedure(path)


def test_every_word_of_a_procedure_is_in_its_files_and_none_of_another(other: Procedure):
    for mine, theirs in ((FIRST, other), (other, FIRST)):
        files = surgical_agents_files(mine)
        text = "\n".join(files.values())
        own = (mine.phases, mine.instruments, mine.verbs, mine.targets, mine.gates, mine.red_flags)
        foreign = (theirs.instruments, theirs.targets, theirs.gates, theirs.red_flags)
        assert all(id in text for ids in own for id in ids)
        assert all(plan.actions[0] in text for plan in mine.contingencies.values())
        # A word may well be part of another one: `hook` of `hooked`.
        words = {w.strip(".,()\"'`:") for w in text.split()}
        assert not words & {id for ids in foreign for id in ids}
        assert theirs.name not in text


def test_configs_say_what_the_framework_asks_for():
    files = surgical_agents_files(FIRST)
    config = yaml.safe_load(files["configs/annotation_agent.yaml"])
    assert json.loads(config["grammar"]) == annotation_schema(FIRST)
    # Its registry wants a module, and its clients find agents by these names.
    module = config["agent_metadata"]["module"].replace(".", "/") + ".py"
    assert module in files
    assert config["agent_metadata"]["name"] == "AnnotationAgent"
    assert f"class {config['agent_metadata']['class_name']}(" in files[module]
    chat = yaml.safe_load(files["configs/chat_agent.yaml"])
    assert "{text}" in chat["user_prompt"] and chat["agent_prompt"] == files["prompts/chat.txt"]


def module_of(files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """The written module, on a framework that only asks and hands back."""
    framework = types.ModuleType("agents.annotation_agent")
    framework.AnnotationAgent = type("AnnotationAgent", (), {})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "agents", types.ModuleType("agents"))
    monkeypatch.setitem(sys.modules, "agents.annotation_agent", framework)
    module = types.ModuleType("written")
    exec(compile(files["agents/procedure_annotation_agent.py"], "written", "exec"), module.__dict__)
    return module


GOOD = {
    "tools": ["hook"],
    "anatomy": [],
    "surgical_phase": "gallbladder-dissection",
    "events": dict.fromkeys(FIRST.events, "unknown"),
    "description": "A hook.",
}


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (GOOD, None),
        (GOOD | {"surgical_phase": "dissection"}, "surgical_phase is 'dissection'"),
        (GOOD | {"tools": ["hook", "stapler"]}, "tools[1] is 'stapler'"),
        (GOOD | {"tools": "hook"}, "tools is 'hook', expected array"),
        (GOOD | {"events": {}}, "lacks cv_safety_met"),
        (GOOD | {"mood": "good"}, "unknown key mood"),
        ({"tools": []}, "lacks anatomy"),
        ("I see a hook.", "no JSON"),
        (None, "no JSON"),
    ],
)
def test_what_does_not_fit_becomes_no_annotation(answer, problem, monkeypatch):
    module = module_of(surgical_agents_files(FIRST), monkeypatch)
    agent = module.AnnotationAgent()
    said: list[str] = []
    agent._logger = types.SimpleNamespace(warning=said.append)
    agent.grammar, agent.agent_prompt = json.dumps(annotation_schema(FIRST)), "?"
    agent.generate_prompt = lambda text, history: text
    agent.procedure_start = 0.0
    raw = json.dumps(answer) if isinstance(answer, dict) else answer
    agent.stream_image_response = lambda **request: raw
    annotation = agent._generate_annotation("frame")
    if problem is None:
        assert annotation is not None and annotation.items() >= GOOD.items()
    else:
        assert annotation is None and problem in said[0]


def test_a_teacher_is_told_every_rule():
    changed = replace(FIRST, contingencies={})
    told = teacher_prompt(FIRST)
    rules = [r for p in FIRST.phases.values() for r in (*p.checks, *p.pitfalls)]
    assert all(rule in told for rule in rules)
    assert "slipping clip" in told and "slipping clip" not in teacher_prompt(changed)
