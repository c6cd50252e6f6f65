// A list of the admin that keeps itself fresh: every few seconds the rows are read again and put in place of the old
// ones. Nothing moves under the hand of somebody who has selected rows, opened a menu or writes. Without the script
// the page says when it was read.

const EVERY = 10_000;

const readAt = (page) => page.querySelector("[data-read-at]");
const bodies = (page) => [...page.querySelectorAll("#result_list tbody")];
const keyOf = (body) => body.querySelector("input.action-select")?.value;

function busy() {
  const list = document.getElementById("changelist");
  const selected = document.querySelector("#result_list input:checked");
  return document.hidden || selected || document.querySelector("dialog[open]") || list?.contains(document.activeElement);
}

function sameRows(before, after) {
  return before.length === after.length && before.every((body, place) => keyOf(body) === keyOf(after[place]));
}

// Row by row, cell by cell: the checkbox and the menu of a row stay what they are.
function renew(before, after) {
  const cells = (body) => [...body.querySelectorAll("tr:first-of-type > :is(td, th)[data-label]")];
  const fresh = cells(after);
  cells(before).forEach((cell, place) => {
    if (fresh[place] && cell.innerHTML !== fresh[place].innerHTML) cell.innerHTML = fresh[place].innerHTML;
  });
}

function exchange(page) {
  const [before, after] = [bodies(document), bodies(page)];
  if (sameRows(before, after)) {
    before.forEach((body, place) => renew(body, after[place]));
    return;
  }
  const [list, fresh] = [document.getElementById("result_list"), page.getElementById("result_list")];
  if (!list || !fresh) {
    location.reload(); // from an empty list or to one: another page altogether
    return;
  }
  for (const body of before) body.remove();
  list.append(...after);
  window.Actions?.(document.querySelectorAll("tr input.action-select"));
}

async function refresh() {
  if (busy()) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = readAt(page);
  if (!fresh || busy()) return;
  exchange(page);
  readAt(document)?.replaceWith(document.adoptNode(fresh));
}

setInterval(() => refresh().catch(() => {}), EVERY);
