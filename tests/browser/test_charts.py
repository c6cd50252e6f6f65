"""Charts in a real browser: drawn within the policy, usable by keyboard, readable without seeing, fitting everywhere.

With IUM_SCREENSHOTS=DIR the page is also photographed.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from ium.demo.history import history_fill
from ium.directory.models import User
from ium.lib import clock
from ium.usage.charts.registry import CHARTS
from slots.models import LicencePool
from tests.browser.axe import violations
from tests.browser.conftest import Visit
from tests.browser.test_look import NARROW, fits, photograph

PAGE = "/admin/usage/charts/"
WIDE = ViewportSize(width=1400, height=900)
# Whether anything but the background was painted.
PAINTED = """canvas => {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return pixels.some((value, index) => index % 4 === 3 && value > 0);
}"""


@pytest.fixture
def boss(transactional_db: None) -> User:
    """An administrator."""
    return User.objects.create_superuser("ada", "a long pass phrase", display_name="Ada Admin")


@pytest.fixture
def past(pool: LicencePool, settings: Any) -> Iterator[LicencePool]:
    """A pool with a past of twelve days, in Berlin."""
    settings.TIME_ZONE = "Europe/Berlin"
    LicencePool.objects.update(assigned_licences=15)
    pool.refresh_from_db()
    history_fill(pool=pool, days=12, at=clock.now())
    yield pool
    settings.TIME_ZONE = "UTC"


def drawn(page: Page) -> Page:
    """Wait until every chart is there."""
    pictures = page.locator("figure[data-chart] [data-canvas]:has(canvas)")
    expect(pictures).to_have_count(len(CHARTS), timeout=30_000)
    return page


def faults(page: Page) -> list[str]:
    """Return what axe finds, but for the frame's own title, which the library of the admin puts in no landmark."""
    return [each for each in violations(page) if not each.startswith("region: .hidden")]


def open_page(visit: Visit, boss: User, query: str = "", **options: Any) -> Page:
    """Open the charts."""
    options = {"viewport": WIDE, **options}
    return drawn(visit.open(boss, PAGE + query, **options))


def shown(page: Page, chart: str = "slots") -> list[float]:
    """Return from when to when a chart is shown, in milliseconds."""
    found: list[float] = page.evaluate(
        "name => IumCharts.of(document.getElementById(`chart-${name}`)).view", chart
    )
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_and_fits(
    visit: Visit, boss: User, past: LicencePool, scheme: Literal["light", "dark"]
) -> None:
    page = open_page(
        visit, boss, "?period=month&compare=before", color_scheme=scheme, reduced_motion="reduce"
    )
    for name in CHARTS:
        assert page.locator(f"#chart-{name} canvas").first.evaluate(PAINTED), name
    page.locator("#chart-slots summary").click()
    photograph(page, f"charts-{scheme}")
    assert faults(page) == []

    page.set_viewport_size(NARROW)
    page.wait_for_function("document.querySelector('#chart-slots canvas').clientWidth < 320")
    photograph(page, f"charts-{scheme}-narrow")
    assert fits(page)
    assert page.evaluate("document.getAnimations().length") == 0


def test_a_page_with_mistakes_and_without_data_is_accessible_too(
    visit: Visit, boss: User, pool: LicencePool
) -> None:
    page = visit.open(boss, f"{PAGE}?period=free", viewport=WIDE)
    expect(page.get_by_role("alert")).to_have_text("Enter the first day.")
    expect(page.locator("figure")).to_have_count(len(CHARTS))
    assert faults(page) == []
    page.set_viewport_size(NARROW)
    assert fits(page)


def test_zoom_works_by_keyboard_and_says_what_is_shown(
    visit: Visit, boss: User, past: LicencePool
) -> None:
    page = open_page(visit, boss, "?period=week")
    slots = page.locator("#chart-slots")
    whole = shown(page)
    slots.get_by_role("button", name="Zoom in").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    closer = shown(page)
    assert closer[1] - closer[0] == pytest.approx((whole[1] - whole[0]) / 4)
    expect(slots.locator("[data-range]")).to_contain_text(re.compile(r"\d{4}, \d\d:\d\d"))
    slots.get_by_role("button", name="Move to later times").press("Enter")
    assert shown(page)[0] == pytest.approx(closer[0] + (closer[1] - closer[0]) / 2)
    link = slots.get_by_role("link", name="Show this time finer")
    expect(link).to_have_attribute("href", re.compile(r"period=free&since=\d{4}-\d\d-\d\d&until="))
    slots.get_by_role("button", name="Whole time").press("Enter")
    assert shown(page) == whole
    expect(link).to_be_hidden()


def test_zoomed_out_of_the_end_nothing_is_shown_that_is_not_there(
    visit: Visit, boss: User, past: LicencePool
) -> None:
    page = open_page(visit, boss, "?period=week")
    whole = shown(page)
    slots = page.locator("#chart-slots")
    for _ in range(12):
        slots.get_by_role("button", name="Zoom in").press("Enter")
    for _ in range(3):
        slots.get_by_role("button", name="Move to earlier times").press("Enter")
    first, last = shown(page)
    assert last - first == pytest.approx(4 * 5 * 60 * 1000), "never narrower than four values"
    for _ in range(14):
        slots.get_by_role("button", name="Zoom out").press("Enter")
    assert shown(page) == whole


def test_lines_can_be_hidden_by_keyboard(visit: Visit, boss: User, past: LicencePool) -> None:
    page = open_page(visit, boss)
    button = page.locator("#chart-slots").get_by_role("button", name="Waiting at most")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("name", ["slots", "heatmap", "stays"])
def test_pictures_and_values_can_be_saved(
    visit: Visit, boss: User, past: LicencePool, name: str, tmp_path: Path
) -> None:
    page = open_page(visit, boss)
    figure = page.locator(f"#chart-{name}")
    title = figure.locator("h2").inner_text()
    for kind, beginning in (("PNG", b"\x89PNG"), ("SVG", b"<svg"), ("CSV", b"\xef\xbb\xbf")):
        with page.expect_download() as saved:
            figure.get_by_text(kind, exact=True).click()
        file = tmp_path / f"{name}.{kind}"
        saved.value.save_as(file)
        content = file.read_bytes()
        assert content.startswith(beginning)
        assert len(content) > 150
        if kind == "SVG":
            assert title in content.decode()


def test_the_table_is_there_for_people_who_do_not_see_the_picture(
    visit: Visit, boss: User, past: LicencePool
) -> None:
    page = open_page(visit, boss, "?period=week")
    figure = page.get_by_role("figure", name="Slots over time")
    picture = figure.get_by_role("img", name="Slots over time")
    expect(picture).to_have_accessible_description(re.compile("^At most 15 of 15 slots"))
    figure.get_by_text("Values as a table").click()
    expect(figure.get_by_role("columnheader", name="Occupied at most")).to_be_visible()
    assert figure.get_by_role("row").count() > 5


def test_without_the_library_the_tables_are_open(
    visit: Visit, boss: User, past: LicencePool
) -> None:
    page = visit.tab(visit.context(boss, viewport=WIDE))
    page.route("**/vendor/echarts*.js", lambda route: route.abort())
    page.goto(PAGE)
    expect(page.locator("#chart-slots table")).to_be_visible()


def test_the_switch_to_dark_repaints_the_pictures(
    visit: Visit, boss: User, past: LicencePool
) -> None:
    page = open_page(visit, boss, color_scheme="light")
    before = page.locator("#chart-heatmap canvas").first.evaluate("canvas => canvas.toDataURL()")
    page.evaluate("document.documentElement.classList.add('dark')")
    page.wait_for_function(
        "before => document.querySelector('#chart-heatmap canvas').toDataURL() !== before",
        arg=before,
    )


CLOCKS = """() => {
  const { clock, ticks } = IumTime;
  const berlin = clock("Europe/Berlin", "en-GB");
  const day = (month, number) => [berlin.at(2026, month, number), berlin.at(2026, month, number + 1)];
  const marks = ([from, until], most) => ticks(from, until, berlin, most).map((at) => berlin.label(at));
  const months = ticks(berlin.at(2025, 1, 1), berlin.at(2026, 12, 31), berlin, 10);
  return {
    longDay: marks(day(10, 25), 30),
    shortDay: marks(day(3, 29), 30),
    threeHours: marks(day(10, 25), 9),
    days: ticks(berlin.at(2026, 10, 23), berlin.at(2026, 10, 28), berlin, 6).map((at) => berlin.moment(at)),
    months: months.map((at) => berlin.day(at)),
    left: new Date(berlin.at(2026, 3, 29, 2)).toISOString(),
    twice: new Date(berlin.at(2026, 10, 25, 2)).toISOString(),
    kolkata: clock("Asia/Kolkata", "en-GB").day(Date.UTC(2026, 10, 23, 18, 30)),
  };
}"""


def test_the_axis_follows_the_clock_on_the_wall(
    visit: Visit, boss: User, past: LicencePool
) -> None:
    page = visit.open(boss, PAGE, timezone_id="America/New_York")
    page.wait_for_function("window.IumTime")
    found = page.evaluate(CLOCKS)
    hours = [label for label in found["longDay"] if ":" in label]
    assert hours.count("02:00") == 2
    assert len(found["longDay"]) == 26
    assert "02:00" not in found["shortDay"]
    assert len(found["shortDay"]) == 24
    assert found["threeHours"][:3] == ["25 Oct", "03:00", "06:00"]
    assert all(moment.endswith("00:00") for moment in found["days"])
    assert len(found["days"]) == 6
    assert all(day.endswith("-01") for day in found["months"])
    assert found["left"] == "2026-03-29T01:00:00.000Z"
    assert found["twice"] == "2026-10-25T00:00:00.000Z"
    assert found["kolkata"] == "2026-11-24"


def test_german_pages_have_german_numbers_and_fit(
    visit: Visit, boss: User, past: LicencePool
) -> None:
    page = open_page(visit, boss, "?period=month", locale="de-DE", viewport=NARROW)
    expect(page.locator("html")).to_have_attribute("lang", "de")
    assert fits(page)
    assert page.evaluate("IumTime.clock('UTC', 'de').moment(Date.UTC(2026, 0, 5, 13))").startswith(
        "Mo"
    )


def test_the_pictures_of_the_manual(visit: Visit, boss: User, past: LicencePool) -> None:
    """With IUM_MANUAL_PICTURES=docs/images they are written there; without it they are only taken."""
    page = open_page(visit, boss, "?period=week", viewport=ViewportSize(width=1300, height=900))
    folder = os.environ.get("IUM_MANUAL_PICTURES")
    for name in ("slots", "people", "heatmap"):
        picture = page.locator(f"#chart-{name}").screenshot()
        assert 10_000 < len(picture) < 200_000
        if folder:
            (Path(folder) / f"charts-{name}.png").write_bytes(picture)
