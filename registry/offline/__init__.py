"""Connectivity from manifests, without a cluster: files in, answers out.

`files` finds and reads what is given, `objects` takes it apart, `manifests` knows what is what, `state`
makes networks of it, `ends` finds what a question names, and `commands` are what a person types.
"""
