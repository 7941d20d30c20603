"""All files of the protocol at once."""

from pathlib import Path

from retia.evaluation.cfproxy.numbers import Cfproxy
from retia.evaluation.cfproxy.page import write_page
from retia.evaluation.cfproxy.replies import loader_of
from retia.evaluation.cfproxy.tables import write_tables


def write_cfproxy(found: Cfproxy, out: Path, examples: int = 8) -> None:
    """Write `cfproxy.jsonl`, `cfproxy.csv`, `cfproxy_replies.jsonl`, `cfproxy.json`, `report.html`.

    Args:
        found: What was measured.
        out: Folder; created if missing.
        examples: How many questions the page shows with their images.
    """
    out.mkdir(parents=True, exist_ok=True)
    write_tables(found, out)
    write_page(found, out / "report.html", loader_of(found.folder), examples)
