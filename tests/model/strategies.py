"""Random NetworkPolicySpecs: valid ones, in all the ways a person may write them."""

from hypothesis import strategies as st

names = st.sampled_from(["app", "tier", "example.com/side", "kubernetes.io/metadata.name"])
values = st.sampled_from(["", "a", "web-1", "v1.2_x"])
labels = st.dictionaries(names, values, max_size=2)
requirements = st.one_of(
    st.fixed_dictionaries(
        {
            "key": names,
            "operator": st.sampled_from(["In", "NotIn"]),
            "values": st.lists(values, min_size=1, max_size=3),
        }
    ),
    st.fixed_dictionaries(
        {"key": names, "operator": st.sampled_from(["Exists", "DoesNotExist"])},
        optional={"values": st.just([])},
    ),
)
selectors = st.fixed_dictionaries(
    {}, optional={"matchLabels": labels, "matchExpressions": st.lists(requirements, max_size=2)}
)
ip_blocks = st.one_of(
    st.fixed_dictionaries(
        {"cidr": st.just("10.0.0.0/8")},
        optional={"except": st.lists(st.sampled_from(["10.1.0.0/16", "10.9.9.9/32"]), max_size=2)},
    ),
    st.fixed_dictionaries(
        {"cidr": st.just("2001:db8::/32")},
        optional={"except": st.lists(st.just("2001:db8:1::/48"), max_size=1)},
    ),
)
peers = st.one_of(
    st.fixed_dictionaries({"podSelector": selectors}, optional={"namespaceSelector": selectors}),
    st.fixed_dictionaries({"namespaceSelector": selectors}),
    st.fixed_dictionaries({"ipBlock": ip_blocks}),
)
ports = st.one_of(
    st.fixed_dictionaries({}, optional={"protocol": st.sampled_from(["TCP", "UDP", "SCTP"])}),
    st.fixed_dictionaries(
        {"port": st.integers(1, 65535) | st.sampled_from(["http", "a-1"])},
        optional={"protocol": st.sampled_from(["TCP", "UDP", "SCTP"])},
    ),
    st.fixed_dictionaries({"port": st.integers(1, 100), "endPort": st.integers(100, 65535)}),
)


def rules(side):
    optional = {side: st.lists(peers, max_size=2), "ports": st.lists(ports, max_size=2)}
    return st.lists(st.fixed_dictionaries({}, optional=optional), max_size=3)


specs = st.fixed_dictionaries(
    {},
    optional={
        "podSelector": selectors,
        "policyTypes": st.lists(st.sampled_from(["Ingress", "Egress"]), max_size=2, unique=True),
        "ingress": rules("from"),
        "egress": rules("to"),
    },
)
