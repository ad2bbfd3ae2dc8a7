"""Previews over HTTP: what a change would do."""
