"""A real server in a thread, and what requests to it are made of."""

import base64
import io
import threading
import time
from contextlib import contextmanager

import numpy as np
from PIL import Image

QUESTION = "This is a right eye. What is the stage of diabetic retinopathy? Answer as JSON."


def to_uri(pixels: np.ndarray, form: str = "PNG") -> str:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form)
    return f"data:image/{form.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"


def make_settings(**changes):
    from retia.serving.app import Settings

    usual = {
        "model": "retia-student",
        "max_new_tokens": 200,
        "max_image_mb": 2.0,
        "max_megapixels": 4.0,
        "max_queue": 4,
    }
    return Settings(**(usual | changes))


@contextmanager
def serving(app):
    """Run an application on a free port; give its address."""
    import uvicorn

    from retia.serving.address import open_socket, url_of

    with open_socket("127.0.0.1", 0) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield url_of(listening)
        finally:
            server.should_exit = True
            thread.join()
