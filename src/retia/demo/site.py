"""The page on a web application that loads nothing from elsewhere.

In:  gradio Blocks.
Out: a FastAPI application with look, login and policy.
"""

from typing import Any

import gradio as gr
from fastapi import FastAPI
from gradio.themes import Default

from retia.demo.html import STYLE
from retia.disclaimer import DISCLAIMER

USER = "retia"
"""Name to log in with where there is a password."""
POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'none'; "
    "base-uri 'self'; form-action 'self'"
)
"""Browsers that obey load nothing from elsewhere, whatever the page asks for."""


def mount(page: gr.Blocks, password: str | None, max_image_mb: float) -> FastAPI:
    """Put a page on a web application.

    Args:
        page: From `make_page`.
        password: Visitors must know it; None lets everybody in.
        max_image_mb: Larger uploads are refused.
    """
    site = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @site.middleware("http")
    async def keep_home(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["Content-Security-Policy"] = POLICY
        return response

    # System fonts: gradio's own default theme would ask Google for some.
    theme = Default(
        primary_hue="blue",
        neutral_hue="slate",
        font=("system-ui", "Segoe UI", "Roboto", "sans-serif"),
        font_mono=("ui-monospace", "Consolas", "monospace"),
    )
    return gr.mount_gradio_app(
        site,
        page,
        path="/",
        auth=(USER, password) if password else None,
        auth_message=DISCLAIMER if password else None,
        max_file_size=int(max_image_mb * 1e6),
        footer_links=[],
        ssr_mode=False,
        theme=theme,
        css=STYLE,
    )
