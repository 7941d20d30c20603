"""Messages to text: a client of any OpenAI-compatible API, with cache, retries and limits."""

from retia.chat.cache import Cache
from retia.chat.client import Client
from retia.chat.echo import echo
from retia.chat.exchange import ChatError, Reply, Request, Usage
from retia.chat.settings import ChatConfig
from retia.chat.structured import read_object

__all__ = [
    "Cache",
    "ChatConfig",
    "ChatError",
    "Client",
    "Reply",
    "Request",
    "Usage",
    "echo",
    "read_object",
]
