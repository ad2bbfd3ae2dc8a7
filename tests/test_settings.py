"""Settings: read from the environment, refused with a sentence, all documented."""

from pathlib import Path

import msgspec
import pytest

from registry.settings import PREFIX, Settings, SettingsError, read_settings

PAGE = Path(__file__).parent.parent / "docs" / "settings.md"


def test_nothing_set_gives_the_defaults():
    assert read_settings({"HOME": "/root"}) == Settings()


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("PORT", "9000", 9000),
        ("EXCLUDED_NAMESPACES", "a, b,", ("a", "b")),
        ("EXCLUDED_NAMESPACES", "", ()),
        ("STORE_NAMESPACE", "elsewhere", "elsewhere"),
        ("LOG_LEVEL", "DEBUG", "DEBUG"),
        ("POD_RANGES", "10.244.0.0/16, fd00::/56", ("10.244.0.0/16", "fd00::/56")),
        ("LEASE_RETRY_SECONDS", "0.5", 0.5),
        ("POLICY_ENFORCEMENT", "no", "no"),
    ],
)
def test_a_variable_sets_its_field(name: str, text: str, expected: object):
    assert getattr(read_settings({PREFIX + name: text}), name.lower()) == expected


def test_only_given_facts_are_settings():
    facts = read_settings({PREFIX + "FACTS": '{"cluster.dns": [{"podSelector": {}}]}'}).facts
    assert facts["cluster.dns"] == [{"podSelector": {}}]
    assert "cluster.private" not in facts


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("WRITES_IN_FLIGHT", "0"),
        ("ORPHAN_GRACE_SECONDS", "-1"),
        ("LOG_LEVEL", "LOUD"),
        ("POLICY_ENFORCEMENT", "maybe"),
        ("POD_RANGES", "10.244.0.0/16,pods"),
        ("FACTS", "{"),
        ("FACTS", "[]"),
        ("FACTS", '{"cluster.dns": "kube-dns"}'),
        ("FACTS", '{"cluster.moon": []}'),
        ("NAMESPACE_SELECTOR", "a=b=c"),
        ("STORE_NAMESPACE", "Not A Name"),
        ("LEASE_SECONDS", "10"),
        ("LEASE_SECONDS", "15.5"),
        ("LEASE_RENEW_SECONDS", "2"),
        ("LEASE_RETRY_SECONDS", "0"),
        ("PROT", "8080"),
    ],
)
def test_what_cannot_be_used_is_named(name: str, text: str):
    with pytest.raises(SettingsError, match=PREFIX + name):
        read_settings({PREFIX + name: text})


@pytest.mark.parametrize("name", [field.name for field in msgspec.structs.fields(Settings)])
def test_every_setting_is_documented(name: str):
    assert f"`{PREFIX}{name.upper()}`" in PAGE.read_text()
