"""`python -m tests.generated`: writes the files of the checkout that are made from its code."""

import json
from collections.abc import Iterator
from pathlib import Path

from registry.connectivity.findings import page as findings_page
from registry.http.app import documentation_app
from registry.http.openapi import document
from registry.lint import page as lint_page
from registry.model import templates_page
from registry.model.documents import dump_yaml
from registry.model.services import service_files

ROOT = Path(__file__).parent.parent


def generated() -> Iterator[tuple[str, str]]:
    """Each file's path in the checkout and its text; those that others are made from come first."""
    yield from ((f"default_templates/{name}", text) for name, text in service_files().items())
    yield "openapi.yaml", openapi_yaml()
    yield "docs/lint.md", lint_page.page()
    yield "docs/findings.md", findings_page.page()
    yield "docs/templates.md", templates_page.page()


def openapi_yaml() -> str:
    """The OpenAPI document as YAML."""
    with documentation_app().app_context():
        return dump_yaml(json.loads(json.dumps(document())))


if __name__ == "__main__":
    for name, content in generated():
        (ROOT / name).write_text(content, "utf-8")
