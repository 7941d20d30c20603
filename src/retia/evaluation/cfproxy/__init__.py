"""The medical-VQA source's protocol, really measured; see `docs/cfproxy.md`."""

from retia.evaluation.cfproxy.run import run_cfproxy
from retia.evaluation.cfproxy.settings import CfproxySettings
from retia.evaluation.cfproxy.write import write_cfproxy

__all__ = ["CfproxySettings", "run_cfproxy", "write_cfproxy"]
