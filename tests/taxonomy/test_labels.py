"""Labels are words of the procedure, or they are refused; nothing is coerced."""

from dataclasses import replace

import pytest

from retia.errors import UserError
from retia.records import Case, Finding
from retia.taxonomy import check_case, read_procedure


def frame(**changes) -> Case:
    case = Case(
        file_name="f.jpg",
        id="v-1",
        group="v",
        modality="cholecystectomy",
        labels={"phase": "preparation", "bleeding_minor": "false"},
        looked_for=("grasper", "liver"),
        findings=(
            tool("grasper", verb="retract", target="gallbladder"),
            tool("hook"),
            tool("liver"),
        ),
    )
    return replace(case, **changes)


def tool(kind: str, **attributes: str) -> Finding:
    return Finding(id=f"f-{kind}", kind=kind, source="annotation", attributes=attributes)


def test_true_labels_pass():
    check_case(read_procedure("cholecystectomy"), frame())


def test_every_known_action_passes_and_every_other_is_refused():
    procedure = read_procedure("cholecystectomy")
    passed = 0
    for instrument in procedure.instruments:
        for verb in procedure.verbs:
            for target in procedure.targets:
                case = frame(findings=(tool(instrument, verb=verb, target=target),))
                try:
                    check_case(procedure, case)
                except UserError:
                    assert (instrument, verb, target) not in procedure.triplets
                else:
                    passed += 1
    assert passed == len(procedure.triplets) == 94


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"labels": {"phase": "preperation"}}, "Did you mean `preparation`"),
        ({"labels": {"phase": "Preparation"}}, "'Preparation' is no phase"),
        ({"labels": {"bleeding": "true"}}, "Did you mean `bleeding_minor`"),
        ({"labels": {"bleeding_minor": "no"}}, "Expected `true` or `false`"),
        ({"looked_for": ("graspers",)}, "Did you mean `grasper`"),
        ({"findings": (tool("stapler"),)}, "'stapler' is no instrument or target"),
        ({"findings": (tool("grasper", verb="pull", target="liver"),)}, "'pull' is no verb"),
        ({"findings": (tool("grasper", verb="grasp", target="spleen"),)}, "'spleen' is no target"),
        ({"findings": (tool("grasper", verb="grasp"),)}, "Expected both, or neither"),
        ({"findings": (tool("liver", verb="grasp", target="liver"),)}, "liver is a target"),
        ({"findings": (tool("hook", verbs="cut"),)}, "Did you mean `verb`"),
        (
            {"findings": (tool("clipper", verb="clip", target="liver"),)},
            "clipper and clip go with: blood_vessel, cystic_artery",
        ),
        ({"modality": "octa"}, "its modality is 'octa'"),
    ],
)
def test_a_wrong_label_is_one_line_that_names_the_case(changes: dict, text: str):
    with pytest.raises(UserError) as error:
        check_case(read_procedure("cholecystectomy"), frame(**changes))
    assert str(error.value).startswith("case v-1") and text in str(error.value)
    assert "\n" not in str(error.value)
