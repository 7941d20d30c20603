"""`retia demo` in a process of its own, as people start it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from retia.disclaimer import DISCLAIMER


@contextmanager
def demo_process(temporary: Path, *args: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the page on a free port; give the process and its address."""
    command = [sys.executable, "-m", "retia.cli", "demo", "--port", "0", *args]
    environment = os.environ | {"TMPDIR": str(temporary)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stderr is not None
            said = [process.stderr.readline() for _ in range(2)]
            address = re.search(r"http://127\.0\.0\.1:\d+", said[1])
            assert DISCLAIMER in said[0] and address, said
            yield process, address[0]
        finally:
            process.kill()
