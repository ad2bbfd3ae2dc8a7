"""Lint: what a valid template says that its author hardly meant. Pure."""
