"""Where a server listens: on this machine only, unless a secret guards it.

In:  host, port, and whether there is a secret.
Out: a listening socket and its address.
"""

import ipaddress
import socket
from pathlib import Path

from retia.errors import UserError


def check_host(host: str, guarded: bool, flag: str) -> None:
    """Refuse to open an unguarded server to the network.

    Args:
        host: Name or number of the address to listen on.
        guarded: Whether clients must know a secret.
        flag: The flag that sets the secret.

    Raises:
        UserError: If the host is not a loopback address and there is no secret.
    """
    if not guarded and not is_loopback(host):
        raise UserError(
            f"host is {host}: everybody who reaches this machine could use the server. "
            f"Add {flag} FILE, or keep the default 127.0.0.1."
        )


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def open_socket(host: str, port: int) -> socket.socket:
    """Listen; the port is taken before a model is loaded.

    Args:
        host: Name or number of the address.
        port: 0 takes any free port.

    Raises:
        UserError: If the port is no port or taken, or the host is none of this machine.
    """
    if not 0 <= port <= 65535:
        raise UserError(f"port is {port}. Expected 0 to 65535 (0 takes any free port).")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise UserError(
            f"cannot listen on {host}, port {port}: {error.strerror}. "
            "Choose another --port (0 takes any free one)."
        ) from None


def url_of(listening: socket.socket) -> str:
    """The address of a listening socket, such as `http://127.0.0.1:8000`."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def read_secret(path: Path | None) -> str | None:
    """Read a secret from a file; it never stands on a command line, where others see it.

    Raises:
        UserError: If the file is missing, or holds anything but one word.
    """
    if path is None:
        return None
    if not path.is_file():
        raise UserError(f"{path} does not exist. Expected a file that holds the key, one word.")
    words = path.read_text(encoding="utf-8").split()
    if len(words) != 1:
        raise UserError(f"{path} holds {len(words)} words. Expected the key: one word, no spaces.")
    return words[0]
