"""Finds the data files that ship with the product: `schemas/` and `default_templates/`.

A wheel carries them inside the package; a checkout keeps them at the top level, where people look
for them (`force-include` in pyproject.toml states the same pairs).
"""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


def resource_dir(name: str) -> Traversable:
    """Return the folder of that name.

    Raises FileNotFoundError when the installation lacks it.
    """
    packaged = files("registry") / name
    if packaged.is_dir():
        return packaged
    checkout = Path(__file__).resolve().parent.parent / name
    if checkout.is_dir():
        return checkout
    raise FileNotFoundError(f"This installation has no folder {name}; install the package again.")
