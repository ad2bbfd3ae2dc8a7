"""The soak's templates, as the product reads them."""

from bench.soak.book import PRESET as PRESET_NAME
from bench.soak.churn import document
from registry.model.template import parse_template

MARKER = 9000
PLAIN = parse_template(document("soak-a", MARKER))
PRESET = parse_template(document(PRESET_NAME, MARKER))
