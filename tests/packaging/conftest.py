"""The product as users get it: installed by the Dockerfile's own steps into an environment of its own."""

from pathlib import Path

import pytest

from tests.packaging.dockerfile import follow


@pytest.fixture(scope="session")
def opt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is in /opt after the Dockerfile's build stage."""
    source, opt = tmp_path_factory.mktemp("src"), tmp_path_factory.mktemp("opt")
    follow(source, opt)
    return opt


@pytest.fixture(scope="session")
def installed(opt: Path) -> Path:
    """The `netpol-registry` command of the clean environment."""
    return opt / "netpol-registry" / "bin" / "netpol-registry"
