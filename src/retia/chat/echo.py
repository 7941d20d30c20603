"""A stand-in for a language model: it says back what it was asked."""

from typing import Any

from retia.chat.exchange import Reply


def echo(body: dict[str, Any]) -> Reply:
    """Answer with the text of the last message, without any network."""
    content = body["messages"][-1]["content"]
    text = content if isinstance(content, str) else "".join(p.get("text", "") for p in content)
    return Reply(text=text, prompt_tokens=len(text.split()), completion_tokens=len(text.split()))
