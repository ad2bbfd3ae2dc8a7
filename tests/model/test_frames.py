from hypothesis import given

from registry.model.documents import canonical
from registry.model.frames import frame
from registry.model.normalise import normalise_selector, normalise_spec
from tests.model.strategies import selectors, specs


@given(specs, selectors)
def test_a_selector_in_a_frame_reads_as_the_whole_spec(spec, selector):
    selector = normalise_selector(selector)
    whole = {**normalise_spec(spec), "podSelector": selector}
    assert frame(whole).text(selector) == canonical(whole)
