"""Find the control plane's binaries: those of KUBEBUILDER_ASSETS, or our own, built once and cached.

`python -m devcluster.build` builds and prints where.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from devcluster.gobuild import BuildError, Module

_PROGRAMS: Final = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")
_OWN: Final = Module(
    Path(__file__).parent,
    what="the control plane",
    once="about 5 minutes on 2 cores",
    otherwise="set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver and kubectl",
    version_of="k8s.io/kubernetes",
    links=_PROGRAMS,
)


@dataclass(frozen=True)
class Binaries:
    """Where the four programs are."""

    etcd: Path
    kube_apiserver: Path
    kube_controller_manager: Path
    kubectl: Path

    @classmethod
    def of(cls, paths: Sequence[Path]) -> "Binaries":
        """Take the four paths in the order of the fields."""
        return cls(*paths)


def find_binaries() -> Binaries:
    """Return the programs to run, building them if need be with progress on stderr; raises BuildError."""
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if not assets:
        return Binaries.of([_OWN.built() / name for name in _PROGRAMS])
    return Binaries.of(_with_own_controllers(Path(assets)))


def _with_own_controllers(assets: Path) -> list[Path]:
    """Take the programs of `assets`; downloads often lack the controller manager, so that may be ours."""
    paths = [(assets / name).absolute() for name in _PROGRAMS]
    missing = [path.name for path in paths if not os.access(path, os.X_OK)]
    if missing == ["kube-controller-manager"]:
        sys.stderr.write(f"KUBEBUILDER_ASSETS={assets} has no kube-controller-manager: using our own\n")
        return [_OWN.built() / path.name if path.name in missing else path for path in paths]
    if missing:
        raise BuildError(
            f"KUBEBUILDER_ASSETS={assets} lacks {', '.join(missing)}: "
            "point it at a folder with etcd, kube-apiserver and kubectl, or unset it to have them built"
        )
    return paths


def main() -> None:
    """Build, and print the folder of the programs."""
    try:
        folder = find_binaries().kube_apiserver.parent
    except BuildError as error:
        sys.exit(f"devcluster: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    sys.stdout.write(f"{folder}\n")


if __name__ == "__main__":
    main()
