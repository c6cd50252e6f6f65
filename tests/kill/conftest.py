"""What the kill tests share."""

import pytest

from tests.kill.figures import Say


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Write to the terminal at once, also when the test passes or never ends."""

    def write(text: str) -> None:
        with capsys.disabled():
            print(text, flush=True)  # noqa: T201 - the seed must be seen

    return write
