"""The templates that come with the product, one file each in `default_templates/`."""

from registry.model.template import Template, load_template
from registry.resources import resource_dir


def default_templates() -> list[Template]:
    """Return all default templates in the order of their names."""
    return sorted(map(load_template, default_texts().values()), key=lambda template: template.name)


def default_texts() -> dict[str, str]:
    """Return the text of each default template by its file name."""
    files = (file for file in resource_dir("default_templates").iterdir() if file.name.endswith(".yaml"))
    return {file.name: file.read_text("utf-8") for file in files}
