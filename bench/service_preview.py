"""A preview of a template that many follow, beside merely reading what it has to look at from the API server.

The baseline lists the template's Deployments and policies and decodes them; it plans nothing.
"""

import time
from collections.abc import Callable
from typing import Any, Final

from bench import machine
from bench.client import Client
from bench.results import Measured, Result
from bench.service_site import Service, service
from bench.site import DEPLOYMENTS, LABEL, NETWORK_POLICIES, TEMPLATE, Site, default_policies
from bench.size import Size
from registry import contract

PAGE: Final = 100
_LISTS: Final = (
    f"{DEPLOYMENTS}?labelSelector={LABEL}",
    f"{NETWORK_POLICIES}?labelSelector={contract.TEMPLATE_LABEL}={TEMPLATE}",
)


async def measure(site: Site, size: Size, step: Callable[[], None]) -> Measured:
    """Preview another port for `size.deployments` workloads, `size.runs` times."""
    namespaces = await site.namespaces(size.namespaces)
    await site.deployments(namespaces, size.deployments, lambda _: {LABEL: "latest"})
    await site.start_controller()
    await site.manage(namespaces, "true")
    policies = size.deployments + size.namespaces * default_policies()
    await site.policies.until(lambda: len(site.policies.objects) == policies)
    site.controller.stop()
    async with service(site) as product, Client(site.plane, "root") as bare:
        change = await _change(product)
        ours, theirs = [], []
        await product.preview(TEMPLATE, change, PAGE)  # once it has read the cluster
        for _ in range(size.runs):
            began = time.perf_counter()
            found = await product.preview(TEMPLATE, change, PAGE)
            ours.append(_milliseconds(began))
            assert found["policies"]["update"] == size.deployments  # noqa: S101 (else nothing was measured)
            began = time.perf_counter()
            for path in _LISTS:
                await bare.get(path)
            theirs.append(_milliseconds(began))
            step()
        memory = machine.peak_memory(product.process.workers[0])
    return Measured(
        [
            Result(
                name=f"preview for {size.deployments:,}",
                unit="ms",
                product=ours,
                baseline=theirs,
            ),
            Result(name="memory of the service then", unit="MiB", product=[memory]),
        ]
    )


async def _change(product: Service) -> dict[str, Any]:
    document = await product.template(TEMPLATE)
    document["parameters"]["properties"]["port"]["default"] = 6432
    return {"document": document}


def _milliseconds(began: float) -> float:
    return round(1000 * (time.perf_counter() - began))
