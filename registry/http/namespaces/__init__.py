"""Namespaces over HTTP: how each stands, enabling, disabling, backups of removed policies."""
