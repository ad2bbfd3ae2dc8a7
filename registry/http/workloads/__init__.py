"""Workloads over HTTP: which templates they have, and attaching and detaching one."""
