"""Lint over HTTP."""
