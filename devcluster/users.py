"""Who can call the control plane: static tokens for people and for the product's two service accounts."""

import csv
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

NAMESPACE: Final = "netpol-registry"


@dataclass(frozen=True)
class User:
    """One identity as the API server sees it: RBAC binds its name or its groups."""

    name: str
    groups: tuple[str, ...] = ()


def _service_account(name: str) -> User:
    # The API server adds these groups to a real service account's token; a static token has to state them.
    return User(
        f"system:serviceaccount:{NAMESPACE}:{name}",
        ("system:serviceaccounts", f"system:serviceaccounts:{NAMESPACE}"),
    )


USERS: Final[Mapping[str, User]] = MappingProxyType(
    {
        "root": User("root", ("system:masters",)),
        "admin": User("admin", ("netpol-registry:admins",)),
        "developer": User("developer"),
        "viewer": User("viewer"),
        "stranger": User("stranger"),  # known to the cluster, bound to nothing
        "newcomer": User("newcomer"),  # likewise, for a test that no other's grants may reach
        "controller": _service_account("netpol-registry-controller"),
        "server": _service_account("netpol-registry-server"),
    }
)


def new_tokens() -> dict[str, str]:
    """Return a fresh random token for each key of USERS."""
    return {key: secrets.token_urlsafe(24) for key in USERS}


def write_token_file(path: Path, tokens: Mapping[str, str]) -> None:
    """Write kube-apiserver's `--token-auth-file`: token, name, uid, groups."""
    path.touch(mode=0o600)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        for key, token in tokens.items():
            rows.writerow([token, USERS[key].name, key, ",".join(USERS[key].groups)])


def write_kubeconfig(path: Path, url: str, certificate_authority: str, token: str) -> None:
    """Write a kubeconfig for one caller; JSON is YAML, and every client reads it.

    `certificate_authority` is base64 of PEM, inside the file so that it can be copied anywhere.
    """
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "devcluster",
        "clusters": [
            {
                "name": "devcluster",
                "cluster": {"server": url, "certificate-authority-data": certificate_authority},
            }
        ],
        "users": [{"name": path.stem, "user": {"token": token}}],
        "contexts": [{"name": "devcluster", "context": {"cluster": "devcluster", "user": path.stem}}],
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(config, indent=2))
