"""A procedure's file is consistent, agrees with CholecT50, and everything else comes from it."""

import itertools
import json
import string
from pathlib import Path

import pytest
import yaml

from retia.claims import parse_answer
from retia.errors import UserError
from retia.taxonomy import answer_schema, procedure_path, read_procedure, read_vocabulary

SHIPPED = "cholecystectomy"


def shipped_plain() -> dict:
    return yaml.safe_load(procedure_path(SHIPPED).read_text())


def write_taxonomy(folder: Path, plain: dict, name: str = "own") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(plain | {"id": name}, sort_keys=False))
    return path


def test_agrees_with_cholect50(shared_data: Path):
    procedure = read_procedure(SHIPPED)
    for file in sorted((shared_data / "cholect50" / "labels").glob("*.json")):
        names = json.loads(file.read_text())["categories"]
        phases = [procedure.id_of("phase", word, "x") for word in names["phase"].values()]
        assert phases == list(procedure.phases)
        assert list(names["instrument"].values()) == list(procedure.instruments)
        assert [*procedure.verbs, "null_verb"] == list(names["verb"].values())
        assert [*procedure.targets, "null_target"] == list(names["target"].values())
        known = {",".join(triplet) for triplet in procedure.triplets}
        idle = {f"{i},null_verb,null_target" for i in procedure.instruments}
        assert known | idle == set(names["triplet"].values())
        assert len(known | idle) == 100


def test_the_order_of_phases_is_one_that_surgeons_follow(shared_data: Path):
    """Every change of phase in the annotated videos is one that the file expects."""
    procedure = read_procedure(SHIPPED)
    ids = list(procedure.phases)
    for file in sorted((shared_data / "cholect50" / "labels").glob("*.json")):
        frames = json.loads(file.read_text())["annotations"]
        seen = [ids[frames[number][0][14]] for number in sorted(frames, key=int)]
        for before, after in itertools.pairwise(seen):
            assert before == after or after in procedure.phases[before].next


def test_the_critical_view_of_safety_has_its_three_criteria_and_guards_the_clipping():
    gate = read_procedure(SHIPPED).gates["cv_safety_met"]
    assert gate.phase == "clipping-and-cutting" and len(gate.facts) == 3
    text = " ".join(gate.facts)
    assert all(words in text for words in ("hepatocystic triangle", "cystic plate", "only two"))


def test_words_stand_for_their_ids_and_for_nothing_else():
    procedure = read_procedure(SHIPPED)
    assert (
        procedure.id_of("phase", "Carlot_Triangle Dissection", "x") == "calot-triangle-dissection"
    )
    assert procedure.id_of("instrument", " Clip Appliers", "x") == "clipper"
    for part in ("phase", "instrument", "verb", "target"):
        for id in procedure.terms(part):
            assert procedure.id_of(part, id, "x") == id
    with pytest.raises(UserError, match=r"^f.jsonl, line 3: 'graper' .* Did you mean `grasper`"):
        procedure.id_of("instrument", "graper", "f.jsonl, line 3")
    # A word of another list is unknown: nothing falls back to the first entry.
    with pytest.raises(UserError):
        procedure.id_of("instrument", "liver", "x")


def test_the_vocabulary_is_the_procedure():
    procedure, vocabulary = read_procedure(SHIPPED), read_vocabulary(SHIPPED)
    categories = {id: kind.category for id, kind in vocabulary.kinds.items()}
    assert {i for i, c in categories.items() if c == "instrument"} == set(procedure.instruments)
    assert {i for i, c in categories.items() if c == "anatomy"} == set(procedure.targets)
    assert list(vocabulary.phases) == list(procedure.phases) and not vocabulary.stages
    assert {k.category for k in read_vocabulary("octa").kinds.values()} == {"finding"}


def test_an_unknown_modality_names_all_known_ones():
    with pytest.raises(UserError, match="Known: fundus, octa, radiology, cholecystectomy"):
        read_vocabulary("dermatology")


def test_the_schema_holds_every_id_and_nothing_else():
    procedure = read_procedure(SHIPPED)
    schema = answer_schema(procedure)
    finding = schema["properties"]["findings"]["items"]
    assert schema["properties"]["phase"]["enum"] == list(procedure.phases)
    assert finding["properties"]["kind"]["enum"] == list(procedure.instruments)
    assert finding["properties"]["verb"]["enum"] == list(procedure.verbs)
    assert finding["properties"]["target"]["enum"] == list(procedure.targets)
    assert schema["additionalProperties"] is finding["additionalProperties"] is False
    # The reasons are written before the answer.
    assert list(schema["properties"])[-1] == "answer"


def test_what_fits_the_schema_is_an_answer():
    properties = answer_schema(read_procedure(SHIPPED))["properties"]
    finding = {
        key: value["enum"][0] if "enum" in value else [1, 2, 30, 40]
        for key, value in properties["findings"]["items"]["properties"].items()
    }
    written = {
        "caption": "A laparoscopic frame.",
        "reasoning": ["The grasper is retracting the gallbladder."],
        "phase": properties["phase"]["enum"][0],
        "findings": [finding],
        "answer": "grasper",
    }
    assert list(written) == list(properties)
    answer = parse_answer(json.dumps(written), strict=True, modality=SHIPPED)
    assert answer is not None and answer.findings[0].box == (1, 2, 30, 40)


def test_every_template_can_be_filled():
    values = dict.fromkeys(("instrument", "target", "phase", "event", "be", "do"), "x")
    for templates in read_procedure(SHIPPED).questions.values():
        for template in templates:
            assert template.format(**values).endswith((".", "?"))
            assert all(n in values for _, n, _, _ in string.Formatter().parse(template) if n)


def test_another_procedure_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    plain = shipped_plain()
    plain["instruments"]["stapler"] = {"name": "stapler"}
    path = write_taxonomy(tmp_path, plain, "sleeve")
    assert read_procedure(path).instruments["stapler"].plural == "staplers"
    with pytest.raises(UserError, match="RETIA_TAXONOMIES"):
        read_procedure("sleeve")
    monkeypatch.setenv("RETIA_TAXONOMIES", str(tmp_path))
    assert read_procedure("sleeve") is read_procedure(path)
    assert "stapler" in read_vocabulary("sleeve").kinds


def test_a_shipped_name_cannot_be_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "cholecystectomy.yaml").write_text("id: cholecystectomy\n")
    (tmp_path / "octa.yaml").write_text("id: octa\n")
    monkeypatch.setenv("RETIA_TAXONOMIES", str(tmp_path))
    assert "hook" in read_procedure("cholecystectomy").instruments
    assert "microaneurysm" in read_vocabulary("octa").kinds


def planted(change: str) -> dict:
    """The shipped file with one mistake."""
    plain = shipped_plain()
    if change == "next":
        plain["phases"]["preparation"]["next"] = ["calot-triangel-dissection"]
    elif change == "triplet":
        plain["triplets"]["hook"]["cut"].append("livr")
    elif change == "gate":
        plain["gates"]["cv_safety_met"]["phase"] = "clipping"
    elif change == "plan":
        plain["contingencies"]["bag_tears"]["phases"] = ["packing"]
    elif change == "twice":
        plain["targets"]["liver"]["synonyms"] = ["grasper"]
    elif change == "key":
        plain["instruments"]["hook"]["synonym"] = ["x"]
    elif change == "placeholder":
        plain["questions"]["action"] = ["What is the {tool} doing?"]
    elif change == "no question":
        del plain["questions"]["pitfalls"]
    elif change == "no gates":
        del plain["gates"]
    return plain


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("next", "Did you mean `calot-triangle-dissection`"),
        ("triplet", "unknown id 'livr'. Did you mean `liver`"),
        ("gate", "gates, cv_safety_met, phase: unknown id 'clipping'"),
        ("plan", "contingencies, bag_tears, phases: unknown id 'packing'"),
        ("twice", "'grasper' means both grasper and liver"),
        ("key", "instruments, hook: unknown key `synonym`. Did you mean `synonyms`"),
        ("placeholder", "unknown placeholder {tool}"),
        ("no question", "no template for 'pitfalls'"),
        ("no gates", "gates: expected"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(tmp_path: Path, change: str, text: str):
    path = write_taxonomy(tmp_path, planted(change))
    with pytest.raises(UserError) as error:
        read_procedure(path)
    assert str(path) in str(error.value) and text in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "text"),
    [("a: [", "no valid YAML"), ("- a\n", "holds list"), ("", "holds NoneType")],
)
def test_a_file_that_is_no_taxonomy_is_refused(tmp_path: Path, content: str, text: str):
    path = tmp_path / "own.yaml"
    path.write_text(content)
    with pytest.raises(UserError, match=text):
        read_procedure(path)
