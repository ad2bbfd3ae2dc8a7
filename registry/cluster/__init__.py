"""Adapters to the Kubernetes API: connection, client, informers, writer, Events."""
