"""The watches that the book is kept by."""

import time
from typing import Final

import msgspec

from bench.client import Client
from bench.soak.book import Book, Thing
from bench.soak.churn import KINDS, NAMESPACES
from bench.soak.watch import OnChange, Watcher, read_plain, read_policy, read_workload
from registry import contract
from registry.planning.objects import Key

STORE: Final = "soak-store"
CATALOGUE: Final = "netpol-templates"
_POLICIES: Final = "/apis/networking.k8s.io/v1/networkpolicies"


def watchers(client: Client, book: Book) -> list[Watcher]:
    """One for each kind of object that counts; what they see goes into the book."""

    def on_namespace(_namespace: str, name: str, thing: Thing | None, sure: bool) -> None:
        if name in NAMESPACES:
            book.on_namespace(name, thing, time.monotonic(), sure=sure)

    def on_policy(namespace: str, name: str, thing: Thing | None, _sure: bool) -> None:
        if namespace in NAMESPACES:
            book.on_policy((namespace, name), thing, time.monotonic())

    def on_store(_namespace: str, name: str, thing: Thing | None, _sure: bool) -> None:
        if name == CATALOGUE and thing:
            heads = msgspec.json.decode(thing.annotations.get(contract.HEADS_ANNOTATION, "{}"))
            for template, head in heads.items():
                book.on_head(template, head, time.monotonic())

    return [
        Watcher(client, f"/api/v1/namespaces/{STORE}/configmaps", read_plain, on_store),
        Watcher(client, "/api/v1/namespaces", read_plain, on_namespace),
        *(
            Watcher(
                client, f"{kind.root}/{kind.plural}", read_workload, _on_workload(book, kind.group, kind.kind)
            )
            for kind in KINDS
        ),
        Watcher(client, _POLICIES, read_policy, on_policy),
    ]


def _on_workload(book: Book, group: str, kind: str) -> OnChange:
    def on_workload(namespace: str, name: str, thing: Thing | None, sure: bool) -> None:
        if namespace in NAMESPACES:
            book.on_workload(Key(group, kind, namespace, name), thing, time.monotonic(), sure=sure)

    return on_workload
