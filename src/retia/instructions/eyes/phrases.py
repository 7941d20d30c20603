"""How things are asked and said: phrasings as data, the plainest of each first.

Questions are about an eye; `{name}`, `{be}` and so on are filled in by the question kinds. Patterns
of sentences are filled in by `wording.py`. Every pattern here is read back by `retia.claims`
without loss; a test holds both together. A phrasing tells nothing of the answer.
"""

STAGE = (
    "What is the stage of diabetic retinopathy? Answer as JSON.",
    "Name the stage of diabetic retinopathy and give the reasons. Answer as JSON.",
    "Is this eye healthy, NPDR or PDR? Answer as JSON.",
    "Which stage of diabetic retinopathy does the scan show? Answer as JSON.",
    "Stage the diabetic retinopathy of this eye, with reasons. Answer as JSON.",
    "Healthy, NPDR or PDR: which is it, and why? Answer as JSON.",
    "What do you diagnose? Choose healthy, NPDR or PDR. Answer as JSON.",
)
GRADE = (
    "What is the grade? Answer mild, moderate or severe NPDR, or the stage where it has no grade.",
    "Grade the retinopathy: healthy, mild NPDR, moderate NPDR, severe NPDR or PDR.",
    "Which is it: healthy, mild NPDR, moderate NPDR, severe NPDR or PDR?",
    "How severe is the retinopathy? Answer healthy, mild, moderate or severe NPDR, or PDR.",
    "Choose one: healthy, mild NPDR, moderate NPDR, severe NPDR or PDR?",
    "Give stage and grade in at most two words.",
    "Say in at most two words how far the disease has gone, as stage with grade.",
)
FAZ = (
    "Describe the FAZ.",
    "What does the FAZ look like?",
    "How is the FAZ?",
    "Describe size and shape of the FAZ.",
    "What can be said of the foveal avascular zone?",
    "Describe the foveal avascular zone.",
    "Report on the FAZ alone.",
)
FAZ_AREA = (
    "How large is the FAZ?",
    "What is the FAZ area?",
    "What area has the FAZ?",
    "Give the area of the FAZ in mm².",
    "How many mm² does the FAZ measure?",
    "Measure the foveal avascular zone.",
    "What is the size of the foveal avascular zone?",
)
PERFUSION = (
    "How is the perfusion?",
    "Describe the perfusion.",
    "Where is the perfusion lost?",
    "Is the capillary bed complete?",
    "What can be said of the perfusion?",
    "Report on the perfusion alone.",
    "Where, if anywhere, are capillaries missing?",
)
PERFUSION_AT = (
    "Is there capillary dropout in {place}?",
    "Is capillary dropout seen in {place}?",
    "Does {place} show capillary dropout?",
    "Are capillaries missing in {place}?",
    "Is perfusion lost in {place}?",
    "Do you see capillary dropout in {place}?",
    "Look at {place}: is there capillary dropout?",
)
VESSELS = (
    "Which vascular abnormalities are seen?",
    "Are the vessels abnormal, and how?",
    "Describe the vessels.",
    "What is abnormal about the vessels?",
    "Name the vascular abnormalities, if there are any.",
    "Report on the vessels alone.",
    "What can be said of the vessels?",
)
LESIONS = (
    "Which lesions are seen?",
    "Name the lesions, if there are any.",
    "What is abnormal in this picture?",
    "Describe the lesions.",
    "Which signs of disease are seen, and where?",
    "Report on the lesions alone.",
)
PRESENCE = (
    "{Be} there {name}?",
    "{Be} {name} seen?",
    "{Be} {name} present?",
    "{Be} {name} visible?",
    "Does the scan show {name}?",
    "Can {name} be seen?",
    "Do you see {name}?",
    "Is there any sign of {bare}?",
)
COUNT = (
    "How many microaneurysms are there?",
    "How many microaneurysms are seen?",
    "Count the microaneurysms.",
    "What is the number of microaneurysms?",
    "How many microaneurysms does the scan show?",
    "How many microaneurysms do you see?",
    "Give the number of microaneurysms.",
)
LOCATE = (
    "In which quadrants {be} {name} seen?",
    "Where {be} {name} seen? Name the quadrants.",
    "Name the quadrants with {name}, if there are any.",
    "Which quadrants show {name}?",
    "Which quadrants, if any, have {name}?",
    "Locate {name} by quadrant.",
    "Look for {name}: in which quadrants?",
)
DESCRIBE = (
    "Describe the {place} quadrant.",
    "What does the {place} quadrant show?",
    "What is seen in the {place} quadrant?",
    "Report on the {place} quadrant alone.",
    "Look at the {place} quadrant: what is there?",
    "What can be said of the {place} quadrant?",
    "Which lesions, if any, lie in the {place} quadrant?",
)
BOX = (
    "Where is {what}? Give the box.",
    "Give the box of {what}.",
    "Mark {what} by a box.",
    "Which box holds {what}?",
    "Draw a box around {what}.",
    "Put a box around {what}.",
    "In which box does {what} lie?",
)
REGION = (
    "What lies in the box {box}?",
    "What is seen in the box {box}?",
    "Describe what the box {box} shows.",
    "Which lesion lies in the box {box}?",
    "Name the lesion in the box {box}.",
    "Look at the box {box}: what is there?",
    "What does the box {box} hold?",
)
COMPARE = (
    "Which quadrant has more {what}, {first} or {second}?",
    "Compare {first} and {second}: which quadrant has more {what}?",
    "Look for {what}: is there more in the {first} or in the {second} quadrant?",
    "Where do you see more {what}: {first} or {second}?",
    "Of the {first} and the {second} quadrant, which has more {what}?",
    "Which of the quadrants {first} and {second} shows more {what}?",
)
WHY = (
    "Is this {stage}, and why?",
    "Is this {stage}? Give the reason.",
    "Do you call this {stage}, and why?",
    "Why {stage}, or why not? Begin with yes or no.",
    "Why not {stage}? Begin with yes if it is, with no if it is not.",
    "What speaks for or against {stage}? Begin with yes or no.",
    "Somebody says {stage}. Do you agree, and why?",
)
CHANGE = (
    "Would the stage be another without {what}?",
    "Would the stage change if {what} were not there?",
    "Does the stage depend on {what}?",
    "Without {what}, would it still be the same stage or another? Say yes if another.",
    "Take away {what}: would the stage change?",
    "If {what} were gone, would you give another stage?",
)
REPORT = (
    "Write a full report.",
    "Report this scan.",
    "Describe the scan, from the FAZ to the stage.",
    "Give a full description and conclude with the stage.",
    "Write the findings and the conclusion.",
    "What does the scan show? Report in full.",
    "Describe all that is seen and not seen, then give the stage.",
)

PRESENT = (
    "There {is} {what}{where}.",
    "{What} {is} seen{where}.",
    "{What} {is} present{where}.",
    "{What} {is} visible{where}.",
    "{What} {is} found{where}.",
    "{What} {is} noted{where}.",
    "{What} can be seen{where}.",
    "The scan shows {what}{where}.",
    "The image shows {what}{where}.",
    "The picture shows {what}{where}.",
)
PRESENT_AT = (
    "{Where}, there {is} {what}.",
    "{Where}, {what} {is} seen.",
    "{Where}, the scan shows {what}.",
)
"""Only where a place is known."""
ABSENT = (
    "There {is} no {name}{where}.",
    "No {name} {is} seen{where}.",
    "No {name} {is} present{where}.",
    "No {name} {is} visible{where}.",
    "No {name} {is} found{where}.",
    "No {name} can be seen{where}.",
    "{Name} {is} not seen{where}.",
    "{Name} {is} absent{where}.",
    "There is no sign of {name}{where}.",
    "There is no evidence of {name}{where}.",
    "The scan shows no {name}{where}.",
)
ALL_ABSENT = (
    "{Noes} are seen{where}.",
    "There is no {ors}{where}.",
    "No {ors} can be seen{where}.",
    "There is no sign of {ors}{where}.",
    "There is no evidence of {ors}{where}.",
    "The scan shows no {ors}{where}.",
    "{Ands} are absent{where}.",
    "{Ands} are not seen{where}.",
)
FAZ_BOTH = (
    "The FAZ area is {size} and it is {state}.",
    "The FAZ is {state}, with an area of {size}.",
    "The FAZ measures {size} and is {state}.",
    "The FAZ covers {size} and is {state}.",
    "The foveal avascular zone is {state} and measures {size}.",
    "The foveal avascular zone has an area of {size} and is {state}.",
    "The FAZ is {state} at {size}.",
)
FAZ_SIZE = (
    "The FAZ area is {size}.",
    "The area of the FAZ is {size}.",
    "The FAZ measures {size}.",
    "The FAZ covers {size}.",
    "The FAZ has an area of {size}.",
    "The foveal avascular zone measures {size}.",
)
FAZ_STATE = ("The FAZ is {state}.", "The foveal avascular zone is {state}.")
FAZ_SHAPE = (
    "The FAZ is {state}.",
    "The outline of the FAZ is {state}.",
    "The border of the FAZ is {state}.",
    "The foveal avascular zone is {state}.",
    "The FAZ appears {state}.",
)
DENSITY = (
    "The vessel density is {value}{usual}.",
    "The scan has a vessel density of {value}{usual}.",
    "A vessel density of {value} is measured{usual}.",
    "Measured over the scan, the vessel density is {value}{usual}.",
)
USUAL = {
    0.025: ("below the usual range", "less than is usual"),
    0.1: ("at the low end of the usual range", "usual but low"),
    0.25: ("somewhat below the usual mean", "a little below the middle of the usual range"),
    0.75: ("in the middle of the usual range", "close to what is usual"),
    0.9: ("somewhat above the usual mean", "a little above the middle of the usual range"),
    0.975: ("at the high end of the usual range", "usual but high"),
    1.0: ("above the usual range", "more than is usual"),
}
"""Up to which share of healthy eyes, in words."""
CONCLUSION = (
    "The stage is {stage}.",
    "This is {stage}.",
    "The conclusion is {stage}.",
    "Overall, this is {stage}.",
    "Taken together, the stage is {stage}.",
    "The diagnosis is {stage}.",
)
NOT_THE_OTHER = (
    "The stage is {this} and not {that}.",
    "The stage is {this}, not {that}.",
    "So this is {this} and not {that}.",
    "This is {this} rather than {that}.",
    "Therefore the stage is {this} and not {that}.",
)
CHANGES = (
    "Without it, the stage would be another one.",
    "If it were gone, another stage would be given.",
    "The stage would change without it.",
    "The stage would not be the same without it.",
)
CHANGES_NOT = (
    "Without it, the stage would be the same.",
    "If it were gone, the same stage would be given.",
    "The stage would not change without it.",
    "What else is seen would give the same stage.",
)
NOTHING = (
    "Nothing abnormal lies there.",
    "Nothing abnormal is seen there.",
    "There is nothing abnormal.",
    "The box holds nothing abnormal.",
    "Nothing there stands out.",
)
SHOWS = (
    "The {place} quadrant shows {things}.",
    "The {place} quadrant has {things}.",
    "In the {place} quadrant, the scan shows {things}.",
    "In the {place} quadrant there is {things}.",
    "Seen in the {place} quadrant: {things}.",
)
_MORE = (
    "There {is} more {{what}} in the {{more}} quadrant.",
    "The {{more}} quadrant has more {{what}}.",
    "The {{more}} quadrant shows more {{what}} than the {{less}} one.",
    "More {{what}} {is} seen in the {{more}} quadrant.",
    "Of the two, the {{more}} quadrant has more {{what}}.",
)
MORE = tuple(tuple(form.format(**{"is": be}) for form in _MORE) for be in ("is", "are"))
"""First of what is spoken of in the singular, then in the plural."""
