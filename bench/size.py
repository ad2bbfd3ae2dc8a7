"""How much a bench does."""

import msgspec


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of all measurements; each is made `runs` times."""

    runs: int = 5
    deployments: int = 2000
    namespaces: int = 20
    labels: int = 300
    changes: int = 500
    burst: int = 1000
    templates: int = 60
    template_namespaces: int = 36

    @classmethod
    def scaled(cls, deployments: int, runs: int) -> "Size":
        """The usual proportions around that many Deployments, but enough of each to measure.

        What is measured one after the other does not grow beyond the usual.
        """
        usual = cls()

        def part(count: int, least: int) -> int:
            return max(least, count * deployments // usual.deployments)

        return cls(
            runs=runs,
            deployments=deployments,
            namespaces=part(usual.namespaces, 2),
            labels=min(usual.labels, part(usual.labels, 100)),
            changes=min(usual.changes, part(usual.changes, 60)),
            burst=part(usual.burst, 64),
            template_namespaces=part(usual.template_namespaces, 2),
        )
