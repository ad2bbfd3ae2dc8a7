"""Desired policies, their difference from what lives, and the order of writes. Pure."""
