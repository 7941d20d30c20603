"""Kinds, severities and the stage rule say the same everywhere."""

import pytest

from retia.errors import UserError
from retia.records import Finding, Zone
from retia.taxonomy import GRADES, read_vocabulary, stage_of
from retia.taxonomy.surgery import fold


def found(kind: str, quadrant: str | None = None, severity: str | None = None, **values: float):
    return Finding(
        id="f", kind=kind, source="simulator", severity=severity, values=values,
        zone=Zone(quadrant=quadrant),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ([], ("healthy", None)),
        ([found("microaneurysm")], ("npdr", "mild")),
        ([found("microaneurysm")] * 6, ("npdr", "moderate")),
        ([found("capillary_dropout", severity="mild", area_mm2=0.2)], ("npdr", "mild")),
        ([found("capillary_dropout", severity="severe", area_mm2=0.2)], ("npdr", "moderate")),
        ([found("capillary_dropout", severity="mild", area_mm2=1.1)], ("npdr", "severe")),
        ([found("capillary_dropout", q, "mild", area_mm2=0.1) for q in "abc"], ("npdr", "severe")),
        ([found("faz_enlargement")], ("npdr", "mild")),
        ([found("faz_enlargement", severity="severe")], ("npdr", "moderate")),
        ([found("tortuosity"), found("calibre_change")], ("npdr", "mild")),
        ([found("faz_irregularity")], ("npdr", "mild")),
        ([found("irma", severity="mild")], ("npdr", "moderate")),
        ([found("irma", severity="moderate")], ("npdr", "severe")),
        ([found("irma", severity="mild")] * 3, ("npdr", "severe")),
        ([found("microaneurysm")] * 40, ("npdr", "moderate")),
        # What lies nowhere known is in no quadrant.
        ([found("capillary_dropout", q, "mild") for q in ("a", "b", None)], ("npdr", "mild")),
        ([found("neovascularization"), found("microaneurysm")], ("pdr", None)),
    ],
)
def test_stage_rule(findings: list[Finding], expected: tuple[str, str | None]):
    assert stage_of(findings) == expected


def test_a_further_finding_never_makes_the_eye_healthier():
    rank = [("healthy", None), *(("npdr", g) for g in GRADES), ("pdr", None)]
    more = [
        found("tortuosity"),
        found("microaneurysm"),
        found("capillary_dropout", "a", "mild", area_mm2=0.3),
        found("irma", severity="mild"),
        found("capillary_dropout", "b", "severe", area_mm2=0.4),
        found("capillary_dropout", "c", "mild", area_mm2=0.1),
        found("neovascularization"),
    ]
    ranks = [rank.index(stage_of(more[:n])) for n in range(len(more) + 1)]
    assert ranks == sorted(ranks) and ranks[0] == 0 and ranks[-1] == len(rank) - 1


def test_severity_grows_with_its_measure():
    order = [None, "mild", "moderate", "severe"]
    for kind in read_vocabulary("octa").kinds.values():
        if kind.severity_by is None:
            continue
        values = [v / 100 for v in range(0, 130)]
        if kind.direction == "falling":
            values.reverse()
        ranks = [order.index(kind.severity({kind.severity_by: v})) for v in values]
        assert ranks == sorted(ranks) and ranks[-1] == 3


def test_severity_measures_are_values_of_their_kind():
    for kind in read_vocabulary("octa").kinds.values():
        assert kind.severity_by is None or kind.severity_by in kind.values


def test_an_unknown_kind_names_its_neighbour():
    with pytest.raises(UserError, match="Did you mean `microaneurysm`"):
        read_vocabulary("octa").kind("microanurysm")


@pytest.mark.parametrize("modality", ["octa", "fundus", "radiology"])
def test_no_word_of_a_vocabulary_means_two_things(modality: str):
    vocabulary = read_vocabulary(modality)
    for part in ("kinds", "organs", "imaging", "sides"):
        owner: dict[str, str] = {}
        entries = (
            {k.id: (k.name, k.plural, *k.synonyms) for k in vocabulary.kinds.values()}
            if part == "kinds"
            else getattr(vocabulary, part)
        )
        for id, names in entries.items():
            for name in (id, *names):
                assert owner.setdefault(fold(name), id) == id, name


def test_words_of_other_people_have_an_id_or_none():
    radiology, fundus = read_vocabulary("radiology"), read_vocabulary("fundus")
    assert radiology.words("kinds")["pulmonary edema"] == "pulmonary_oedema"
    assert radiology.words("organs")["large bowel"] == "colon"
    assert radiology.words("imaging")["x ray"] == "x_ray"
    assert radiology.words("sides")["both"] == "bilateral"
    assert "head" not in radiology.words("kinds")
    assert fundus.words("kinds")["cotton wool spot"] == "soft_exudate"
    assert list(fundus.stages) == list(read_vocabulary("octa").stages)


def test_a_folder_of_vocabularies_adds_modalities(tmp_path, monkeypatch):
    text = "modality: skin\nimage: photograph\nstages: {}\nmeasures: {}\nkinds: {}\n"
    (tmp_path / "skin.yaml").write_text(text)
    (tmp_path / "broken.yaml").write_text("modality: broken\nkinds: {}\n")
    monkeypatch.setenv("RETIA_TAXONOMIES", str(tmp_path))
    assert read_vocabulary("skin").kinds == {}
    with pytest.raises(UserError, match="is no vocabulary"):
        read_vocabulary("broken")
