"""Does an answer rest on what it should? Regions are removed, and what is lost is compared.

In:  items with their answers, a predictor.
Out: probes (item and region), rows (what each probe measured), `Faithfulness` (numbers).
"""

from retia.evaluation.faithfulness.measured import FillScores, Measured, ProbeRow
from retia.evaluation.faithfulness.numbers import Faithfulness, faithfulness_numbers
from retia.evaluation.faithfulness.probes import Probe, make_probes
from retia.evaluation.faithfulness.study import StudyConfig, study
from retia.evaluation.faithfulness.tables import write_rows, write_table

__all__ = [
    "Faithfulness",
    "FillScores",
    "Measured",
    "Probe",
    "ProbeRow",
    "StudyConfig",
    "faithfulness_numbers",
    "make_probes",
    "study",
    "write_rows",
    "write_table",
]
