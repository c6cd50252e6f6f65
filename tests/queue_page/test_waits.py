"""An expected wait is a range, no finer than an estimate deserves."""

import pytest

from slots.queue_page.waits import wait_in_words

CASES = [
    (None, "not known yet"),
    ((0, 0), "up to 1 min"),
    ((0, 170), "up to 3 min"),
    ((29, 150), "up to 3 min"),
    ((240, 240), "about 4 min"),
    ((180, 420), "3 to 7 min"),
    ((660, 1500), "10 to 25 min"),
    ((3000, 5400), "50 min to 1 h 30 min"),
    ((4000, 9000), "1 h 0 min to 2 h 30 min"),
]


@pytest.mark.parametrize(("eta", "words"), CASES)
def test_waits_in_words(eta: tuple[int, int] | None, words: str) -> None:
    assert wait_in_words(eta) == words
