"""Every colour of a company can be read in the end."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slots.queue_page.colours import contrast, dark_shades, is_colour, light_shades

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(COLOURS)
@settings(max_examples=200, deadline=None)
def test_text_in_any_colour_can_be_read_on_everything_it_stands_on(colour: str) -> None:
    for shades, grounds in (
        (light_shades(colour), ("#ffffff", "#f4f6f9")),
        (dark_shades(colour), ("#1a2028", "#10141a")),
    ):
        assert all(contrast(shades.accent, ground) >= 4.5 for ground in (*grounds, shades.soft))
        assert contrast(shades.on_accent, shades.accent) >= 4.5
        assert is_colour(shades.accent)


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    assert light_shades("#0b5fcc").accent == "#0b5fcc"
    assert dark_shades("#8ebcff").accent == "#8ebcff"


def test_a_colour_that_cannot_is_made_darker_or_lighter() -> None:
    assert contrast("#ffdd00", "#ffffff") < 4.5
    assert contrast(light_shades("#ffdd00").accent, "#ffffff") >= 4.5
    assert contrast(dark_shades("#000080").accent, "#1a2028") >= 4.5


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("text", ["", "#fff", "#FFFFFF", "red", "#0b5fcc;}", "#0b5fcg", "0b5fcc"])
def test_other_texts_are_no_colours(text: str) -> None:
    assert not is_colour(text)
