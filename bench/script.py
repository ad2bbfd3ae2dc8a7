"""What persons do and a bare writer of policies does, as prepared bytes: the baseline of single changes."""

from collections.abc import Mapping
from typing import Any

import msgspec

from bench.bare import Bare
from bench.site import LABEL, TEMPLATE, Deployment, policies_of
from registry import contract

_PARAMETERS = contract.PARAMETERS_ANNOTATION_PREFIX + TEMPLATE

Bodies = Mapping[str, dict[str, Any]]
"""What creates each policy, by the uid of its Deployment."""


class Script:
    """`person` labels and edits, `writer` may what the controller may; `bodies` by the Deployment's uid."""

    def __init__(self, person: Bare, writer: Bare, bodies: Bodies) -> None:
        self._person = person
        self._writer = writer
        self._bodies = bodies

    async def label(self, deployment: Deployment) -> None:
        """Set the template's label."""
        await self._patch(self._person, deployment.path, {"labels": {LABEL: "true"}})

    async def unlabel(self, deployment: Deployment) -> None:
        """Take the template's label away."""
        await self._patch(self._person, deployment.path, {"labels": {LABEL: None}})

    async def give_port(self, deployment: Deployment, port: int) -> None:
        """Set the template's parameters."""
        await self._patch(self._person, deployment.path, {"annotations": {_PARAMETERS: f"port: {port}"}})

    async def create(self, deployment: Deployment) -> None:
        """POST the Deployment's policy."""
        body = msgspec.json.encode(self._bodies[deployment.uid])
        await self._writer.send(self._writer.request("POST", policies_of(deployment.namespace), body))

    async def replace(self, deployment: Deployment) -> None:
        """PUT the Deployment's policy as it was made."""
        body = msgspec.json.encode(self._bodies[deployment.uid])
        await self._writer.send(self._writer.request("PUT", self._path(deployment), body))

    async def delete(self, deployment: Deployment) -> None:
        """DELETE the Deployment's policy."""
        await self._writer.send(self._writer.request("DELETE", self._path(deployment), b"{}"))

    async def label_and_create(self, deployment: Deployment) -> None:
        """What a label and its controller do together."""
        await self.label(deployment)
        await self.create(deployment)

    async def unlabel_and_delete(self, deployment: Deployment) -> None:
        """What the end of a label and its controller do together."""
        await self.unlabel(deployment)
        await self.delete(deployment)

    async def edit_policy(self, deployment: Deployment) -> None:
        """Have a person open the Deployment's policy to everybody."""
        body = msgspec.json.encode({"spec": {"ingress": [{}]}})
        await self._person.send(self._person.request("PATCH", self._path(deployment), body, patch=True))

    async def delete_policy(self, deployment: Deployment) -> None:
        """Have a person delete the Deployment's policy."""
        await self._person.send(self._person.request("DELETE", self._path(deployment), b"{}"))

    def _path(self, deployment: Deployment) -> str:
        name = self._bodies[deployment.uid]["metadata"]["name"]
        return f"{policies_of(deployment.namespace)}/{name}"

    async def _patch(self, bare: Bare, path: str, metadata: dict[str, Any]) -> None:
        body = msgspec.json.encode({"metadata": metadata})
        await bare.send(bare.request("PATCH", path, body, patch=True))
