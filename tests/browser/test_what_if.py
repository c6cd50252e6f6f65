"""What-if and peak determination in a real browser: drawn, accessible, fitting, printable.

With IUM_SCREENSHOTS=DIR the pages are also photographed.
"""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from activity.models import Source
from ium.directory.models import User
from ium.lib import clock
from ium.usage.models import ActivitySpan, PriceTier, WhatIf, WhatIfState
from ium.usage.replay.jobs import what_if_answer, what_if_claim
from slots.models import LicencePool
from tests.browser.conftest import Visit
from tests.browser.test_charts import PAINTED, WIDE, faults
from tests.browser.test_look import NARROW, fits, photograph
from tests.factories import member, minutes


@pytest.fixture
def boss(transactional_db: None) -> User:
    """An administrator."""
    return User.objects.create_superuser("ada", "a long pass phrase", display_name="Ada Admin")


@pytest.fixture
def answered(pool: LicencePool) -> WhatIf:
    """A question about today with its answer, and prices."""
    LicencePool.objects.update(assigned_licences=6)
    pool.refresh_from_db()
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    for number in range(12):
        begin = today + minutes(4 * number)
        ActivitySpan.objects.create(
            pool=pool,
            user=member(pool),
            started_at=begin,
            ended_at=begin + minutes(35),
            source=Source.EXTENSION,
        )
    PriceTier.objects.create(pool=pool, valid_from=today.date(), price=8, currency="EUR")
    what_if = asked(pool)
    claimed = what_if_claim(at=clock.now())
    assert claimed is not None
    assert what_if_answer(what_if=claimed)
    what_if.refresh_from_db()
    return what_if


def asked(pool: LicencePool, **fields: Any) -> WhatIf:
    """Return a saved question about today."""
    now = clock.now()
    values = {
        "since": now.date(),
        "until": now.date(),
        "inactivity_minutes": 10,
        "created_at": now,
    }
    what_if: WhatIf = WhatIf.objects.create(pool=pool, **(values | fields))
    return what_if


def checked(page: Page, name: str) -> None:
    """The page is accessible, and fits on a narrow screen too."""
    photograph(page, name)
    assert faults(page) == []
    page.set_viewport_size(NARROW)
    photograph(page, f"{name}-narrow")
    assert fits(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_result_has_its_curve(visit: Visit, boss: User, answered: WhatIf, scheme: Any) -> None:
    page = visit.open(
        boss,
        f"/admin/usage/whatif/{answered.pk}/result",
        viewport=WIDE,
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    canvas = page.locator("#chart-what-if canvas").first
    expect(canvas).to_be_visible(timeout=30_000)
    assert canvas.evaluate(PAINTED)
    expect(page.locator("#chart-what-if-summary")).to_contain_text("now there are 6.")
    checked(page, f"what-if-result-{scheme}")


@pytest.mark.parametrize("state", [WhatIfState.RUNNING, WhatIfState.FAILED])
def test_a_result_that_is_none_yet_says_so(
    visit: Visit, boss: User, pool: LicencePool, state: WhatIfState
) -> None:
    error = "Nothing was recorded in this time. Choose other days."
    what_if = asked(pool, state=state, progress=40, error=error * (state == WhatIfState.FAILED))
    page = visit.open(boss, f"/admin/usage/whatif/{what_if.pk}/result", viewport=WIDE)
    words = {WhatIfState.RUNNING: "40 %", WhatIfState.FAILED: error}
    expect(page.locator("main")).to_contain_text(words[state])
    checked(page, f"what-if-{state}")


def test_the_forms_say_what_is_wrong(visit: Visit, boss: User, pool: LicencePool) -> None:
    for name in ("whatif", "pricetier"):
        page = visit.open(boss, f"/admin/usage/{name}/add/", viewport=WIDE)
        photograph(page, f"{name}-empty")
        page.locator("[name=_save]").first.click()
        expect(page.locator(".errorlist").first).to_be_visible()
        photograph(page, f"{name}-wrong")
        page.close()


def test_peak_determination_leads_from_nothing_to_the_number_on_paper(
    visit: Visit, boss: User, pool: LicencePool, request: pytest.FixtureRequest
) -> None:
    page = visit.open(boss, "/admin/usage/peak/", viewport=WIDE)
    expect(page.locator("main")).to_contain_text("Open: nothing was recorded yet.")
    checked(page, "peak-empty")
    request.getfixturevalue("answered")
    page = visit.open(boss, "/admin/usage/peak/", viewport=WIDE, reduced_motion="reduce")
    expect(page.locator("#chart-what-if canvas").first).to_be_visible(timeout=30_000)
    expect(page.locator("main")).to_contain_text("Recommended: 12 licences.")
    expect(page.locator("main")).to_contain_text("Not enough yet")
    checked(page, "peak-answered")
    page.set_viewport_size(WIDE)
    page.emulate_media(media="print")
    expect(page.locator("#nav-sidebar, .ium-peak form").first).to_be_hidden()
    photograph(page, "peak-print")
    # Its headings are in the outline as they are, the rest is drawn with numbers of glyphs.
    paper = page.pdf(format="A4", outline=True, tagged=True)
    assert b"(4. The number)" in paper
    assert b"(Waiting over the number of licences)" in paper
