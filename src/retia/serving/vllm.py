"""A public family behind vLLM: the command, and its run.

In:  `ServeConfig`.
Out: this process becomes `vllm serve …`.
"""

import json
import logging
import os
import shlex
import shutil
from pathlib import Path
from typing import NoReturn

from retia.disclaimer import DISCLAIMER
from retia.errors import UserError
from retia.serving.serve import ServeConfig, served_name
from retia.students.families import declared_family

NOWHERE = "none.invalid"
"""A host that no name server knows (RFC 2606): images come with the request, or not at all."""


def run_vllm(config: ServeConfig, key: str | None) -> NoReturn:
    """Become `vllm serve`, which then has the terminal and its signals.

    Raises:
        UserError: If vLLM cannot serve this folder, or is not on the path.
    """
    command = vllm_command(config)
    program = shutil.which(command[0])
    if program is None:
        raise UserError(
            "there is no `vllm` on the path. Install vLLM in an environment of its own (it wants "
            "other versions than tuning does) and activate it, or leave --engine vllm out."
        )
    log = logging.getLogger("retia")
    log.warning("%s", DISCLAIMER)
    log.info("%s", shlex.join(command))
    # The key goes by the environment: arguments are seen by everybody on the machine.
    environment = os.environ | ({"VLLM_API_KEY": key} if key else {})
    os.execve(program, command, environment)


def vllm_command(config: ServeConfig) -> list[str]:
    """The command that serves a model folder.

    One image a request, greedy unless a request says otherwise, no images from the network.

    Raises:
        UserError: If the folder is no merged model of a public family.
    """
    folder = _servable(config.model)
    return [
        "vllm",
        "serve",
        str(folder),
        "--served-model-name",
        served_name(config),
        "--host",
        config.host,
        "--port",
        str(config.port),
        "--max-model-len",
        str(config.max_model_len),
        "--limit-mm-per-prompt",
        json.dumps({"image": 1}),
        "--allowed-media-domains",
        NOWHERE,
        "--override-generation-config",
        json.dumps({"temperature": 0.0}),
    ]


def _servable(folder: Path | None) -> Path:
    """The model folder, of a family that vLLM knows; it need not be loadable in here."""
    own = "the embedded student has a vision tower of its own, which vLLM does not know"
    if folder is None:
        raise UserError(f"{own}. Leave --engine vllm out.")
    if (folder / "adapter_config.json").is_file():
        raise UserError(
            f"{folder} is an adapter, and vLLM does not apply those of vision models. "
            f"Merge first: retia merge --model {folder} --out MERGED."
        )
    if declared_family(folder).name == "embedded":
        raise UserError(f"{folder}: {own}. Leave --engine vllm out.")
    return folder
