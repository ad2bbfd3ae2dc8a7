"""Answers as JSON documents, and these as tables, Markdown, CSV, Graphviz and Mermaid. Pure."""
