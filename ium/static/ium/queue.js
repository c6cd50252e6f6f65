// The queue page: keeps the state on the screen, asks for a slot when it is time, and goes back to Jira.
// Without it forms do the same. All rules are the server's: when to ask next (`retry_after`), what time it is.

const config = JSON.parse(document.getElementById("queue-config").textContent);
const { states, texts } = config;
const page = document.getElementById("queue");
const csrf = document.querySelector("[name=csrfmiddlewaretoken]").value;
const CALL_TIMEOUT = 15_000;
const SPEAK_EVERY = 60_000;
const LONGEST_BACKOFF = 60;
// With a sound the way back waits until it was heard.
const RING = 900;

let doc = config.document; // the latest state document
let clockOffset = 0; // the server's clock minus this browser's, in milliseconds
let left = history.state?.left === true; // the user left the queue: nothing starts by itself
let turnTold = false; // "your turn" was said for this wait
let failures = 0;
let signedOut = false;
let next = null; // the next call: { call, timer, from, until }, times of performance.now()
let line = Promise.resolve(); // calls go one after the other, so that no answer overtakes another

const part = (name) => document.querySelector(`[data-part="${name}"]`);

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (braces, name) => values[name] ?? braces);
}

function write(name, text) {
  const element = part(name);
  if (element.textContent !== text) element.textContent = text;
}

function webAddress(text) {
  const url = text && URL.canParse(text) ? new URL(text) : null;
  return url && ["http:", "https:"].includes(url.protocol) ? url.href : null;
}

const tell = (name, detail) => document.dispatchEvent(new CustomEvent(`ium:${name}`, { detail }));

function view() {
  return config.views[`${doc.state}:${doc.reason}`] ?? doc.state;
}

function title(text) {
  document.title = `${text} \u2013 ${config.product}`;
}

// --- Talking to the server ----------------------------------------------------------------------------------

async function send(method, url, body) {
  const response = await fetch(url, {
    method,
    headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": csrf },
    body: body && JSON.stringify(body),
    cache: "no-store",
    signal: AbortSignal.timeout(CALL_TIMEOUT),
  });
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({}));
  throw Object.assign(new Error(problem.detail), {
    status: response.status,
    code: problem.code,
    wait: Number(response.headers.get("Retry-After")) || 0,
  });
}

const pool = { pool: config.pool };
const ask = (join) => {
  const wanted = config.return_url ? { return_url: config.return_url } : {};
  return send("POST", config.slot_api, { ...pool, ...wanted, join });
};
const slotOfPool = `${config.slot_api}?${new URLSearchParams(pool)}`;
const calls = {
  look: () => send("GET", slotOfPool),
  reconnect: () => ask(true),
  // Goes on with the wait there is: who left the queue on another device is not put back.
  poll: () => ask(false),
  release: () => send("DELETE", slotOfPool),
  keep: () => send("POST", config.activity_api, { ...pool, idle_seconds: 0 }),
};

// What the next call is: who waits goes on waiting; only where attempts are automatic, one starts by itself.
function nextCall() {
  if (left) return "look";
  if (["queued", "granting"].includes(doc.state)) return "poll";
  return doc.automatic && ["none", "revoking"].includes(doc.state) ? "reconnect" : "look";
}
const attempting = () => nextCall() !== "look";

function run(call, byUser = false) {
  line = line.then(() => attempt(call, byUser));
}

async function attempt(call, byUser) {
  clearTimeout(next?.timer);
  let step = call ?? nextCall();
  if (["reconnect", "poll"].includes(step) && left && !byUser) step = "look";
  try {
    received(await calls[step](), step, byUser);
  } catch (error) {
    failed(error, step);
  }
}

function schedule(seconds, call) {
  clearTimeout(next?.timer);
  const from = performance.now();
  next = { call, timer: setTimeout(run, seconds * 1000, call), from, until: from + seconds * 1000 };
  tick();
}

function received(answer, step, byUser) {
  const before = { ...doc, view: view() };
  doc = answer;
  clockOffset = Date.parse(doc.server_time) - Date.now();
  if (failures) say(texts.connection_back);
  if (failures || signedOut) part("problem").hidden = true;
  failures = 0;
  signedOut = false;
  announce(before, step, byUser);
  show();
  callToTurn(before);
  if (byUser) otherTabs.postMessage(left);
  if (["reconnect", "poll"].includes(step) && doc.redirect_url) arrive();
  // "Look" found that attempts are to start by themselves: do not wait for the next look.
  const startsNow = step === "look" && attempting() && before.state !== doc.state;
  // This page waited and was asleep for so long that the wait ended: whoever woke it up still wants a slot.
  const overslept = step === "poll" && before.state === "queued" && doc.reason === "gone";
  schedule(startsNow || overslept ? 0 : doc.retry_after, overslept ? "reconnect" : undefined);
}

function failed(error, step) {
  if (error.status === 401 || error.status === 403) {
    signedOut = true;
    showProblem(texts.signed_out, true);
    tick();
    return;
  }
  if (error.code === "foreign_return_url") {
    config.return_url = null;
    showProblem(error.message);
    schedule(0, step);
    return;
  }
  const refused = error.status >= 400 && error.status < 500 && error.status !== 429;
  showProblem(refused ? error.message : texts.connection_lost);
  const backoff = Math.random() * Math.min(LONGEST_BACKOFF, 2 * 2 ** failures);
  failures += 1;
  schedule(Math.max(1, error.wait ?? 0, backoff), step);
}

// --- The way back -------------------------------------------------------------------------------------------

// A slot came while this page asked for it. Only to the address that the server gives, and only if wanted.
function arrive() {
  const url = webAddress(doc.redirect_url);
  const goes = url && part("automatic").checked;
  if (!goes || !turnTold) shout(goes ? texts.turn : texts.turn_link);
  title(texts.your_turn);
  turn();
  if (goes) setTimeout(() => location.replace(url), part("sound").checked ? RING : 0);
}

// The wait is over: said once, by everything the person chose, as soon as the slot is theirs.
function callToTurn(before) {
  if (["queued", "none"].includes(doc.state)) turnTold = false;
  if (before.state !== "queued" || doc.state !== "granting") return;
  shout(texts.turn_soon);
  turn();
}

function turn() {
  if (!turnTold) tell("turn");
  turnTold = true;
}

// --- What is seen -------------------------------------------------------------------------------------------

function showProblem(text, signIn = false) {
  if (part("problem").hidden) say(text);
  write("problem-text", text);
  part("problem-link").hidden = !signIn;
  part("problem").hidden = false;
}

function show() {
  const words = states[view()];
  page.dataset.view = view();
  for (const name of ["heading", "following"]) write(name, words[name]);
  write("message", message());
  part("place").hidden = doc.state !== "queued";
  write("position", String(doc.position ?? ""));
  write("waiting", String(doc.waiting));
  write("wait", waitInWords(doc.eta_seconds));
  showProgress();
  for (const control of document.querySelectorAll("[data-action]")) {
    control.hidden = !words.actions.includes(control.dataset.action);
  }
  document.querySelector("[data-action=release]").textContent = words.release;
  const open = document.querySelector("[data-action=open]");
  open.href = webAddress(doc.redirect_url) ?? webAddress(doc.wanted_url) ?? config.open_url;
  open.textContent = words.open;
  part("choices").hidden = !["none", "queued", "granting", "revoking", "locked"].includes(doc.state);
  title(fill(words.title, { position: doc.position }));
  tell("view", { view: view() });
}

// Times of day are the reader's own: the server does not know where they are.
function message() {
  if (doc.state !== "locked" || !doc.locked_until) return doc.message;
  const until = new Date(doc.locked_until);
  const today = until.toDateString() === new Date().toDateString();
  const day = today ? {} : { weekday: "long" };
  const time = until.toLocaleString(document.documentElement.lang, { ...day, hour: "2-digit", minute: "2-digit" });
  return fill(texts.locked, { time });
}

function showProgress() {
  const waited = doc.joined_at ? Math.max(0, Date.parse(doc.server_time) - Date.parse(doc.joined_at)) / 1000 : 0;
  const minutes = Math.floor(waited / 60);
  write("waited", minutes ? fill(texts.waited, { time: inMinutes(minutes) }) : texts.waited_less);
  const bar = part("progress");
  bar.hidden = !doc.eta_seconds;
  if (bar.hidden) return;
  const left = (doc.eta_seconds[0] + doc.eta_seconds[1]) / 2;
  const share = waited ? waited / (waited + left) : 0;
  // An expectation may grow; what was seen never shrinks while the wait is the same.
  bar.value = Math.max(bar.dataset.wait === doc.joined_at ? bar.value : 0, share);
  bar.dataset.wait = doc.joined_at;
}

function rounded(seconds) {
  const minutes = seconds / 60;
  const step = minutes < 10 ? 1 : minutes < 60 ? 5 : 15;
  return Math.floor(minutes / step + 0.5) * step;
}

function inMinutes(minutes) {
  if (minutes < 60) return fill(texts.minutes, { minutes });
  return fill(texts.hours, { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}

function waitInWords(eta) {
  if (!eta) return texts.wait_unknown;
  const [low, high] = eta.map(rounded);
  if (low === high && low > 0) return fill(texts.wait_about, { high: inMinutes(high) });
  if (low > 0 && high < 60) return fill(texts.wait_range_minutes, { low, high });
  const form = low > 0 ? texts.wait_range : texts.wait_up_to;
  return fill(form, { low: inMinutes(low), high: inMinutes(Math.max(1, high)) });
}

function timerLabel() {
  if (signedOut) return null;
  if (failures) return texts.next_try;
  if (view() === "warned") return texts.slot_lost_in;
  if (doc.state === "locked") return doc.locked_until ? texts.unlocked_in : texts.next_check;
  return doc.state === "queued" ? texts.next_attempt : null;
}

function tick() {
  const label = next && timerLabel();
  part("timer").hidden = !label;
  if (label) showTimer(label);
  if (speech && performance.now() - spokenAt >= SPEAK_EVERY) say(speech, true);
}

function showTimer(label) {
  const removal = label === texts.slot_lost_in;
  const byServer = removal || label === texts.unlocked_in;
  const now = byServer ? Date.now() + clockOffset : performance.now();
  const from = removal ? Date.parse(doc.warned_at) : next.from;
  const until = byServer ? Date.parse(removal ? doc.revoke_at : doc.locked_until) : next.until;
  const seconds = Math.max(0, Math.ceil((until - now) / 1000));
  const time = clockTime(seconds);
  write("timer-label", label);
  write("timer-time", seconds ? time : texts.now);
  part("timer-bar").hidden = !removal; // only what really runs out runs out on the screen
  part("timer-bar").value = Math.min(1, Math.max(0, (until - now) / (until - from || 1)));
  if (removal) title(fill(states.warned.title, { time }));
}

function clockTime(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

// --- What is heard: milestones, at most once a minute; "your turn" and a warning at once ---------------------

let speech = ""; // waits for its minute
let spokenAt = -Infinity;
let milestone = null; // the last position and wait that were told

function say(text, atOnce = false) {
  const due = atOnce || performance.now() - spokenAt >= SPEAK_EVERY;
  speech = due ? "" : text;
  if (!due) return;
  spokenAt = performance.now();
  write("status", text);
}

document.addEventListener("ium:say", ({ detail }) => say(detail.text, true));

const shout = (text) => write("alert", text);

function announce(before, step, byUser) {
  const words = states[view()];
  if (view() === "warned") {
    if (before.revoke_at !== doc.revoke_at) shout(texts.warned);
  } else if (step === "keep" && doc.state === "active") say(texts.kept, true);
  else if (doc.state === "queued") announcePlace(before, byUser);
  else if (before.state === "queued" && doc.state === "granting") return; // shouted by callToTurn
  else if (before.state !== doc.state || before.view !== view()) say(`${words.heading}. ${message()}`, byUser);
}

function announcePlace(before, byUser) {
  const place = { position: doc.position, wait: waitInWords(doc.eta_seconds) };
  const joined = before.state !== "queued";
  if (!joined && milestone && !passed(milestone, place)) return;
  milestone = place;
  if (place.position === 1 && !joined) say(texts.next);
  else say(fill(joined ? texts.joined : texts.moved, place), joined && byUser);
}

function passed(told, place) {
  const halved = place.position <= told.position / 2;
  const crossed = [1, 3, 5, 10].some((mark) => told.position > mark && place.position <= mark);
  const known = (told.wait === texts.wait_unknown) !== (place.wait === texts.wait_unknown);
  return halved || crossed || known;
}

// --- What people and browsers do ----------------------------------------------------------------------------

const otherTabs = new BroadcastChannel(`ium-queue-${config.pool}`);

function leave(value) {
  left = value;
  history.replaceState({ left }, "");
}

part("controls").addEventListener("submit", (event) => {
  event.preventDefault();
  const call = event.submitter.value;
  if (call !== "keep") {
    leave(call === "release");
    otherTabs.postMessage(left); // another tab of this person must not join again by its next attempt
  }
  run(call, true);
});

otherTabs.addEventListener("message", ({ data }) => {
  leave(data);
  run("look");
});

// Browsers slow hidden tabs down: catch up with what is overdue. Polling itself never stops.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !signedOut && next && performance.now() > next.until) run(next.call);
});
addEventListener("online", () => failures && run(next.call));
addEventListener("pageshow", (event) => event.persisted && run("look"));

clockOffset = Date.parse(doc.server_time) - Date.now();
show();
if (attempting()) run();
else schedule(doc.retry_after);
setInterval(tick, 500);
