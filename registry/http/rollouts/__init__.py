"""Rollouts over HTTP: moving pinned users to a revision."""
