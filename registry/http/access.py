"""Who calls, and may they: both are the API server's own answers, reused for a few seconds."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from registry import contract
from registry.cluster.client import Client
from registry.cluster.resources import SUBJECT_ACCESS_REVIEWS, TOKEN_REVIEWS, Resource
from registry.http.expiring import ExpiringCache
from registry.settings import Settings

CALLERS: Final = 2048
DECISIONS: Final = 16_384
LONGEST_TOKEN: Final = 16_384


class Caller(msgspec.Struct, frozen=True):
    """An authenticated user, as the API server knows it."""

    username: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = {}


class Question(msgspec.Struct, frozen=True):
    """May the bearer of a token `verb` the template `name`? Empty for the collection."""

    token: bytes
    verb: str
    name: str


class Right(msgspec.Struct, frozen=True):
    """To `verb` objects of a kind: in one namespace or (empty) in all, one name or (empty) any."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""


class _TokenStatus(msgspec.Struct):
    authenticated: bool = False
    user: Caller | None = None


class _TokenReview(msgspec.Struct):
    status: _TokenStatus = msgspec.field(default_factory=_TokenStatus)


class _AccessStatus(msgspec.Struct):
    allowed: bool = False


class _AccessReview(msgspec.Struct):
    status: _AccessStatus = msgspec.field(default_factory=_AccessStatus)


class Access:
    """Asks the API server about callers, as the service's own identity. Tokens are kept as hashes only."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._namespace = settings.store_namespace
        seconds = settings.auth_cache_seconds
        self._callers: ExpiringCache[bytes, Caller | bool] = ExpiringCache(CALLERS, seconds)
        self._decisions: ExpiringCache[Question, bool] = ExpiringCache(DECISIONS, seconds)
        self._rights: ExpiringCache[tuple[bytes, Right], bool] = ExpiringCache(DECISIONS, seconds)

    def known(self, token: str) -> Caller | bool | None:
        """What is remembered of a token: its caller, False for a refused one, None for nothing."""
        return self._callers.get(fingerprint(token))

    def decided(self, token: str, verb: str, name: str) -> bool | None:
        """The answer, if it is remembered."""
        return self._decisions.get(Question(fingerprint(token), verb, name))

    async def identify(self, token: str) -> Caller | bool:
        """The caller of a token, or False. Raises ApiError."""
        body = _review(TOKEN_REVIEWS, {"token": token})
        review = msgspec.json.decode(await self._client.post(TOKEN_REVIEWS.path(), body), type=_TokenReview)
        user = review.status.user
        caller = user if review.status.authenticated and user and user.username else None
        self._callers.put(fingerprint(token), caller or False)
        return caller or False

    async def decide(self, token: str, caller: Caller, verb: str, name: str) -> bool:
        """Whether RBAC (or whatever authorizer the cluster has) lets the caller do it. Raises ApiError."""
        right = Right(verb, contract.TEMPLATES_GROUP, contract.TEMPLATES_RESOURCE, self._namespace, name)
        allowed = await self._review(caller, right)
        self._decisions.put(Question(fingerprint(token), verb, name), allowed)
        return allowed

    async def may(self, caller: Caller, right: Right) -> bool:
        """Whether the caller has a right on objects of the cluster. Raises ApiError."""
        question = (msgspec.json.encode(caller, order="sorted"), right)
        allowed = self._rights.get(question)
        if allowed is None:
            allowed = await self._review(caller, right)
            self._rights.put(question, allowed)
        return allowed

    async def _review(self, caller: Caller, right: Right) -> bool:
        spec = {
            "user": caller.username,
            "uid": caller.uid,
            "groups": caller.groups,
            "extra": caller.extra,
            "resourceAttributes": msgspec.structs.asdict(right),
        }
        body = _review(SUBJECT_ACCESS_REVIEWS, spec)
        answer = await self._client.post(SUBJECT_ACCESS_REVIEWS.path(), body)
        return msgspec.json.decode(answer, type=_AccessReview).status.allowed


def fingerprint(token: str) -> bytes:
    """What is kept instead of a token."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


def _review(resource: Resource, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": resource.api_version, "kind": resource.kind, "spec": spec}
