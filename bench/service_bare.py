"""The baseline of the service's reads: bare Flask views that return prepared bytes, under gunicorn.

`python -m bench.service_bare FOLDER PORT` serves each file of a folder under its name, with the very
settings of gunicorn that the service has. Nothing is looked up, checked or counted.
"""

import sys
from pathlib import Path
from typing import Any

from flask import Flask, Response
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from devcluster.ports import LOOPBACK
from registry.http.server import options
from registry.settings import Settings


class _Bare(BaseApplication):  # type: ignore[misc]
    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self._folder = folder
        self._options = settings
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        app = Flask(__name__, static_folder=None)
        for file in self._folder.iterdir():
            _add(app, file.name, file.read_bytes())
        return app


def _add(app: Flask, name: str, body: bytes) -> None:
    @app.get(f"/{name}", endpoint=name)
    def view() -> Response:
        return Response(body, content_type="application/json")


if __name__ == "__main__":
    _Bare(Path(sys.argv[1]), options(Settings(host=LOOPBACK, port=int(sys.argv[2])))).run()
