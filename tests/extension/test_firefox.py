"""The same in Firefox: what differs there is the event page, the messages, and the ground of the overlay."""

import time
from urllib.parse import parse_qs, urlsplit

from tests.extension.firefox import QUEUE, WARNING, Firefox, Tab
from tests.extension.site import OWN_MODAL, SITE
from tests.extension.world import World
from tests.system.running import Person, wait_for


def test_firefox_tells_work_and_keeps_the_slot_from_the_warning(
    fox: Firefox, world: World, ann: Person
) -> None:
    world.has_slot(ann)
    fox.sign_in(ann)
    tab = fox.open()
    wait_for(lambda: fox.badge() == "\N{CHECK MARK}", 10, "the badge")
    # What was still on its way when the page had been opened takes the first warning back.
    wait_for(lambda: _is_warned(fox, tab, world, ann), 10, "the warning")
    tab.press("a")
    tab.sees(WARNING, "You keep your slot")
    assert ann.state()["revoke_at"] is None
    assert world.active_at(ann) > 0


def test_firefox_covers_a_page_that_lost_its_slot_and_brings_it_back(
    fox: Firefox, world: World, ann: Person
) -> None:
    world.has_slot(ann)
    fox.sign_in(ann)
    tab = fox.open("/browse/DEMO-7")
    tab.run("() => { document.title = 'not loaded anew' }")
    world.lose(ann)
    fox.poke()
    tab.sees(QUEUE, "You were inactive")
    tab.click(QUEUE, "reconnect")
    tab.sees_no(QUEUE, 20)
    assert tab.run("() => document.title") == "not loaded anew"
    assert tab.address() == f"{SITE}/browse/DEMO-7"


def test_no_style_of_a_page_hides_the_queue_in_firefox_or_lies_over_it(
    fox: Firefox, world: World, ann: Person, ben: Person
) -> None:
    world.has_slot(ben)
    fox.sign_in(ann)
    tab = fox.open("/jira/software/hostile")
    tab.sees(QUEUE, "You have no Jira slot")
    assert tab.style(QUEUE) == ["22px", "visible", "1"]
    tab.click(QUEUE, "reconnect")  # at its place on the screen, whatever lies there
    tab.sees(QUEUE, "You are in the queue")


def test_a_modal_dialog_of_the_page_stops_neither_warning_nor_queue_in_firefox(
    fox: Firefox, world: World, ann: Person
) -> None:
    world.has_slot(ann)
    fox.sign_in(ann)
    tab = fox.open()
    tab.run(OWN_MODAL)
    wait_for(lambda: _is_warned(fox, tab, world, ann), 10, "the warning")
    assert fox.notices() == [], "the page is on the screen"
    tab.press("a")
    tab.sees(WARNING, "You keep your slot")
    world.lose(ann)
    fox.poke()
    tab.sees(QUEUE, "You were inactive")
    tab.click(QUEUE, "reconnect")
    tab.sees_no(QUEUE, 20)


def test_a_notification_of_firefox_warns_when_no_page_of_jira_is_on_the_screen(
    fox: Firefox, world: World, ann: Person
) -> None:
    world.has_slot(ann)
    fox.sign_in(ann)
    tab = fox.open()
    fox.home.to_front()

    def is_notified() -> bool:
        # Until the browser has noticed that the page is hidden, the page itself warns.
        return _is_warned(fox, tab, world, ann) and fox.notices() == ["ium-warning"]

    wait_for(is_notified, 20, "the notification")
    ann.works()
    fox.poke()
    wait_for(lambda: not fox.notices(), 5, "no notification")


def test_an_ended_event_page_of_firefox_forgets_nothing(
    fox: Firefox, world: World, ann: Person
) -> None:
    world.has_slot(ann)
    fox.sign_in(ann)
    tab = fox.open()
    wait_for(lambda: fox.badge() == "\N{CHECK MARK}", 10, "the badge")
    fox.end_event_page()
    world.inside.run("LastActivity.objects.all().delete()")
    fox.time_passes(60)
    wait_for(lambda: _types(tab) and world.active_at(ann), 10, "a new page tells it")
    assert not fox.has_old_event_page()
    assert fox.tell({"type": "snapshot"})["pools"]["jira"]["document"]["state"] == "active"
    assert fox.badge() == "\N{CHECK MARK}"


def test_firefox_never_covers_other_products_when_the_address_changes(
    fox: Firefox, world: World, ann: Person
) -> None:
    fox.sign_in(ann)
    tab = fox.open("/servicedesk/customer/portal/1")
    move_on = "(path) => { history.pushState({}, '', path) }"
    for path in ("/jira/polaris/projects/IDEA/ideas/view/1", "/browse/SUP-1", "/wiki/home"):
        tab.run(move_on, "/jira/software/projects/DEMO/boards/1")
        tab.sees(QUEUE, "You have no Jira slot", 3)
        tab.run(move_on, path)
        tab.sees_no(QUEUE, 3)


def test_firefox_takes_the_server_from_the_policy_and_a_person_cannot_change_it(
    fox: Firefox, world: World, ann: Person
) -> None:
    fox.home.run("() => browser.storage.local.set({chosen: {server: 'https://elsewhere.example'}})")
    wait_for(lambda: fox.tell({"type": "snapshot"})["server"] == world.ium.url, 10, "the policy")
    fox.home.goto(fox.home.address())
    shown = "() => [document.getElementById('server').value, document.getElementById('server').disabled]"
    wait_for(lambda: fox.home.run(shown) == [world.ium.url, True], 10, "shown and fixed")


def test_firefox_goes_on_when_the_server_was_away(fox: Firefox, world: World, ann: Person) -> None:
    world.has_slot(ann)
    fox.sign_in(ann)
    tab = fox.open()
    wait_for(lambda: fox.badge() == "\N{CHECK MARK}", 10, "the badge")
    fox.offline(True)
    time.sleep(5)  # the page tells of activity every five seconds
    tab.press("a")
    moved = time.time()
    wait_for(lambda: fox.poke() and fox.badge() == "\N{MULTIPLICATION SIGN}", 10, "the badge")
    assert not tab.seen(QUEUE)
    fox.offline(False)
    fox.time_passes(60)
    fox.poke()
    told = wait_for(lambda: (at := world.active_at(ann)) > moved - 1 and at, 10, "told later")
    assert abs(told - moved) < 1.5


def test_firefox_leads_request_access_to_the_queue(fox: Firefox, world: World, ann: Person) -> None:
    fox.sign_in(ann)
    tab = fox.open("/browse/DEMO-7")
    wait_for(lambda: tab.address().startswith(world.ium.url), 10, "IUM")
    query = parse_qs(urlsplit(tab.address()).query)
    asked = parse_qs(urlsplit(query["next"][0]).query) if "next" in query else query
    assert asked == {"pool": ["jira"], "return_url": [f"{SITE}/browse/DEMO-7"]}


def test_firefox_signs_in_by_the_true_flow(fox: Firefox, world: World, ann: Person) -> None:
    fox.home.run("() => browser.runtime.sendMessage({type: 'snapshot'}).then(() => null)")
    fox.home.run("() => { browser.runtime.sendMessage({type: 'signIn'}) }")
    window = fox.other_window(world.ium.url)
    window.run("() => { document.querySelector('.providers a').click() }")
    wait_for(lambda: window.address().startswith(world.ium.jira_url), 10, "the simulated Jira")
    search = f"{window.address()}&q={ann.account_id}"
    window.goto(search)
    window.run(
        "(id) => { document.querySelector(`table button[value='${id}']`).click() }", ann.account_id
    )
    wait_for(lambda: fox.tell({"type": "snapshot"})["signedIn"], 15, "signed in")
    wait_for(lambda: fox.tell({"type": "snapshot"})["config"]["pools"], 10, "the configuration")


def _types(tab: Tab) -> bool:
    """Press a key."""
    tab.press("a")
    return True


def _is_warned(fox: Firefox, tab: Tab, world: World, ann: Person) -> bool:
    fox.quiet()
    world.warn(ann, 55)
    fox.poke()
    return "Lost Jira slot" in tab.seen(WARNING)
