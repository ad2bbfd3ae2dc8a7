"""Random clusters that are small and in which most selectors match something, as `plain` reads them."""

from hypothesis import strategies as st

from tests.connectivity.plain import NAME_LABEL

NAMESPACES = ("east", "west", "north")
HOMES = ("east", "east", "west", "east", "west", "north")
"""Namespaces of pods and policies: few, so that they meet."""
PODS = ("p", "q", "r", "s")
POLICIES = ("k", "l", "m")
KEYS = {"app": ("web", "db"), "tier": ("one", "two")}
PROTOCOLS = ("TCP", "UDP", "SCTP")
PORT_NAMES = ("http", "dns")
NUMBERS = (53, 80, 81, 65_535)
ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.0.0.5", "10.0.0.8", "fd00::1", "fd00::2", "fd00::5", "fd00::8")
BLOCKS = {
    "10.0.0.0/29": ("10.0.0.0/30", "10.0.0.2/32", "10.0.0.4/30"),
    "10.0.0.2/31": ("10.0.0.2/32",),
    "10.0.0.5/28": ("10.0.0.0/29",),  # bits beyond the prefix
    "0.0.0.0/0": ("10.0.0.0/28", "10.0.0.0/8"),
    "fd00::/125": ("fd00::/126", "fd00::2/128"),
    "fd00::2/127": ("fd00::2/128",),
    "::/0": ("fd00::/124", "fd00::/8"),
}


@st.composite
def some(draw, strategy, most, least=0, key=None):
    """From `least` to `most`, all numbers equally often; of those with the same key the last one."""
    found = [draw(strategy) for _ in range(draw(st.integers(least, most)))]
    return list({key(one): one for one in found}.values()) if key else found


def mostly(strategy):
    """Missing (None) and empty in one case of eight each."""
    return st.integers(0, 7).flatmap(lambda way: strategy if way > 1 else st.just([] if way else None))


def present(**fields):
    """A dictionary of the fields that are not None."""
    return st.fixed_dictionaries(fields).map(
        lambda found: {key: value for key, value in found.items() if value is not None}
    )


def labels():
    return present(**{key: st.sampled_from((*values, None)) for key, values in KEYS.items()})


def _expressions(key, values):
    by_value = st.lists(st.sampled_from((*values, "other")), min_size=1, max_size=2)
    return st.one_of(
        st.fixed_dictionaries(
            {"key": st.just(key), "operator": st.sampled_from(("In", "NotIn")), "values": by_value}
        ),
        st.fixed_dictionaries({"key": st.just(key), "operator": st.sampled_from(("Exists", "DoesNotExist"))}),
    )


def selectors(**more):
    """Selectors of `KEYS` and `more`; one of three is empty, one of three of a single label."""
    keys = {**KEYS, **more}
    expressions = st.one_of([_expressions(key, values) for key, values in keys.items()])
    matched = [{key: value} for key, values in keys.items() for value in values]
    return st.one_of(
        st.just({}),
        st.sampled_from([{"matchLabels": one} for one in matched]),
        present(
            matchExpressions=some(expressions, 2, 1),
            matchLabels=st.sampled_from((None, None, None, *matched)),
        ),
    )


SELECTORS = selectors()
NAMESPACE_SELECTORS = selectors(**{NAME_LABEL: NAMESPACES})


@st.composite
def blocks(draw):
    cidr = draw(st.sampled_from(tuple(BLOCKS)))
    excepted = draw(some(st.sampled_from(BLOCKS[cidr]), 2))
    return {"ipBlock": {"cidr": cidr, "except": excepted} if excepted else {"cidr": cidr}}


PEERS = st.one_of(
    st.fixed_dictionaries({"podSelector": SELECTORS}),
    st.fixed_dictionaries({"namespaceSelector": NAMESPACE_SELECTORS}),
    st.fixed_dictionaries({"podSelector": SELECTORS, "namespaceSelector": NAMESPACE_SELECTORS}),
    blocks(),
)


@st.composite
def policy_ports(draw):
    found = draw(present(protocol=st.sampled_from((None, *PROTOCOLS))))
    kind = draw(st.sampled_from(("number", "name", "range", "all")))
    if kind == "name":
        found["port"] = draw(st.sampled_from(PORT_NAMES))
    elif kind != "all":
        found["port"] = draw(st.sampled_from(NUMBERS))
    if kind == "range":
        found["endPort"] = draw(st.sampled_from([one for one in NUMBERS if one >= found["port"]]))
    return found


PORTS = policy_ports()


def rules(peers):
    """Peers and ports may be missing, and they may be there and empty: both mean all of them."""
    return present(**{peers: mostly(some(PEERS, 3, 1)), "ports": mostly(some(PORTS, 2, 1))})


SPECS = present(
    podSelector=st.one_of(st.just({}), SELECTORS),
    policyTypes=st.sampled_from((None, [], ["Ingress"], ["Egress"], ["Ingress", "Egress"], ["Egress"])),
    ingress=mostly(some(rules("from"), 2, 1)),
    egress=mostly(some(rules("to"), 2, 1)),
)


def policies():
    metadata = {"namespace": st.sampled_from(HOMES), "name": st.sampled_from(POLICIES)}
    return st.fixed_dictionaries({"metadata": st.fixed_dictionaries(metadata), "spec": SPECS})


CONTAINER_PORTS = present(
    containerPort=st.sampled_from(NUMBERS),
    protocol=st.sampled_from((None, *PROTOCOLS)),
    name=st.sampled_from((*PORT_NAMES, None)),
)


def pods():
    return st.fixed_dictionaries(
        {
            "namespace": st.sampled_from(HOMES),
            "name": st.sampled_from(PODS),
            "labels": labels(),
            "ports": some(CONTAINER_PORTS, 3),
            "addresses": some(st.sampled_from(ADDRESSES), 2),
            "count": st.sampled_from((1, 1, 3, None)),
            "hostNetwork": st.sampled_from((False, False, False, False, True)),
        }
    )


def _key(pod):
    return pod["namespace"], pod["name"]


def _policy_key(policy):
    return policy["metadata"]["namespace"], policy["metadata"]["name"]


def clusters():
    """Whole clusters; a namespace may have pods and policies and no Namespace object."""
    return st.fixed_dictionaries(
        {
            "namespaces": present(**{name: st.one_of(labels(), labels(), st.none()) for name in NAMESPACES}),
            "pods": some(pods(), 7, 2, key=_key),
            "policies": some(policies(), 5, 1, key=_policy_key),
            "blocksMatchPods": st.booleans(),
        }
    )


def changes():
    """What may happen to a cluster, each a dictionary with one key."""
    name = st.sampled_from(HOMES)
    return st.one_of(
        st.builds(lambda pod: {"put pod": pod}, pods()),
        st.builds(lambda policy: {"put policy": policy}, policies()),
        st.builds(lambda name, labels: {"put namespace": (name, labels)}, name, labels()),
        st.builds(lambda *key: {"drop pod": key}, name, st.sampled_from(PODS)),
        st.builds(lambda *key: {"drop policy": key}, name, st.sampled_from(POLICIES)),
        st.builds(lambda name: {"drop namespace": name}, name),
    )


def changed(cluster, change):
    """The cluster as it is after a change."""
    found = {**cluster}
    match change:
        case {"put pod": pod}:
            found["pods"] = [*(one for one in found["pods"] if _key(one) != _key(pod)), pod]
        case {"put policy": policy}:
            others = (one for one in found["policies"] if _policy_key(one) != _policy_key(policy))
            found["policies"] = [*others, policy]
        case {"put namespace": (name, labels)}:
            found["namespaces"] = {**found["namespaces"], name: labels}
        case {"drop pod": key}:
            found["pods"] = [one for one in found["pods"] if _key(one) != key]
        case {"drop policy": key}:
            found["policies"] = [one for one in found["policies"] if _policy_key(one) != key]
        case {"drop namespace": name}:
            found["namespaces"] = {one: value for one, value in found["namespaces"].items() if one != name}
    return found
