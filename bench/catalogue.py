"""Many templates in many namespaces: what the controller takes in memory for all their policies.

Templates of scope namespace, each of them named by a label of each Namespace.
"""

import time
from collections.abc import Callable

from bench import machine
from bench.client import each
from bench.restart import restarts
from bench.results import Goal, Measured, Result
from bench.site import STORE, Site
from bench.size import Size
from registry import contract
from registry.model.defaults import default_templates
from registry.settings import Settings

_DOCUMENT = """\
name: {name}
title: Port {port} for the whole namespace
description: Lets pods of the namespace reach each other on port {port}, and everybody who is labelled for it.
category: bench
scope: namespace
spec:
  policyTypes: [Ingress]
  ingress:
    - from: [{{podSelector: {{}}}}, {{namespaceSelector: {{matchLabels: {{reaches: "{port}"}}}}}}]
      ports: [{{protocol: TCP, port: {port}}}]
"""


async def measure(site: Site, size: Size, step: Callable[[], None]) -> Measured:
    """Have `size.templates` in `size.template_namespaces`; restart over that `size.runs` times."""
    await site.start_controller()
    await site.quiet()
    names = [f"bench-{number}" for number in range(size.templates)]
    texts = {f"{name}.yaml": _DOCUMENT.format(name=name, port=7000 + n) for n, name in enumerate(names)}
    await site.client.patch(f"/api/v1/namespaces/{STORE}/configmaps/{Settings().store_name}", {"data": texts})
    await site.quiet()
    namespaces = await site.namespaces(size.template_namespaces)
    policies = size.templates * size.template_namespaces
    began = time.perf_counter()
    labels = _labels(names)
    await each(
        lambda one: site.client.patch(f"/api/v1/namespaces/{one}", {"metadata": {"labels": labels}}),
        namespaces,
    )
    await site.policies.until(lambda: len(site.policies.objects) == policies)
    rate = policies / (time.perf_counter() - began)
    await site.quiet()
    memory = machine.peak_memory(site.controller.pid)
    found = await restarts(site, size.runs, step)
    what = f"{size.templates} templates in {size.template_namespaces} namespaces"
    most = Goal("at most", 120, absolute=True)
    return Measured(
        [
            Result(name=what, unit="policies/s", product=[round(rate)]),
            Result(name="memory then", unit="MiB", product=[memory], goal=most),
            Result(
                name="memory, restarted",
                unit="MiB",
                product=found["memory"],
                baseline=found["bare_memory"],
                goal=most,
            ),
            Result(
                name="restarted, all read", unit="s", product=found["seconds"], baseline=found["bare_seconds"]
            ),
            Result(
                name="restarted, writes",
                unit="",
                product=found["writes"],
                worst=True,
                goal=Goal("at most", 0),
            ),
        ],
        {"policies": policies, "runs": found},
    )


def _labels(names: list[str]) -> dict[str, str]:
    """Enable a namespace with these templates and no others, not even those that come by default."""
    defaults = [template.name for template in default_templates() if template.default_in is not None]
    wanted = dict.fromkeys(names, "true") | dict.fromkeys(defaults, "false")
    return {contract.MANAGED_LABEL: "true"} | {
        contract.TEMPLATE_LABEL_PREFIX + name: value for name, value in wanted.items()
    }
