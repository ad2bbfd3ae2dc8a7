"""Who can talk to whom, and why: from pods, namespaces and NetworkPolicies. Pure.

`objects` go into a `network`, which `verdict`, `explain`, `flows` and what builds on them ask.
"""
