// The worker. Every listener is registered at once when it starts, because the event that woke it comes next.

import { api, text } from "../shared/browser.ts";
import { needOf, poolOf, wantedPage, wantedSomewhere } from "../shared/pages.ts";
import { hasNews, isQueuePhase, phaseOf, stateOf } from "../shared/state.ts";
import type { Detour, Message, Snapshot } from "../shared/types.ts";
import { signIn, signInSilently, signOut } from "./auth.ts";
import { mainPool, showBadge } from "./badge.ts";
import { inject, registerPages } from "./hosts.ts";
import { NOTICE, WARNING_ALARM, warnOutside } from "./notice.ts";
import { call, callOpenly, SignedOut } from "./server.ts";
import { readSettings, settings } from "./settings.ts";
import { act, active, look, report } from "./slots.ts";
import { change, config, configAt, forgetPerson, live, setConfig, setToken, token } from "./store.ts";
import { broadcast, show, sitePatterns, siteTabs } from "./tabs.ts";

const BEAT = "beat";
const BEAT_MINUTES = 0.5; // the shortest that browsers allow
const IDLE_SECONDS = 60;
const DETOUR_REST = 20_000;
const NO_DETOUR: Detour = { go: null, offer: null };

// --- What is known --------------------------------------------------------------------------------------------

async function snapshot(): Promise<Snapshot> {
  const { server } = await settings();
  const { pools, projects, away, problem } = await live();
  return {
    version: api.runtime.getManifest().version,
    server,
    signedIn: (await token()) !== null,
    away,
    problem,
    config: await config(server),
    pools,
    projects,
  };
}

let told = "";

/** Show what is new: on the button, in pages and popup, and outside the browser. */
async function tell(): Promise<Snapshot> {
  const now = await snapshot();
  await warnOutside(now, Date.now());
  const news = JSON.stringify(now);
  if (news !== told) {
    told = news;
    await showBadge(now);
    await broadcast(now);
  }
  return now;
}

// --- Keeping up to date ---------------------------------------------------------------------------------------

/** Fetch the configuration when it is old or unknown; it is public, with a token it holds more. */
async function learn(force = false): Promise<void> {
  const { server } = await settings();
  if (!server) return;
  const age = Date.now() - (await configAt(server));
  const fresh = age >= 0 && age < (await config(server)).config_seconds * 1000;
  if (!force && fresh) return;
  // First the open part: without its addresses no token could be renewed.
  if ((await config(server)).sign_in === null) await learnOpenly(server);
  try {
    await setConfig(server, await call("GET", "config"), false);
  } catch (error) {
    if (error instanceof SignedOut) await learnOpenly(server);
  }
  await registerPages(await snapshot());
}

async function learnOpenly(server: string): Promise<void> {
  const answer = await callOpenly(server, "config").catch(() => null);
  if (answer !== null) await setConfig(server, answer, true);
}

/** Read settings and policy, and begin anew when the server is another one. */
async function settle(): Promise<void> {
  const before = await settings();
  if (!(await readSettings())) return;
  if (before.server) {
    await setToken(null);
    await api.storage.local.remove("signedOutByPerson");
  }
  await change(() => ({ silentTriedAt: 0 }));
  await forgetPerson();
  await learn(true);
}

async function signInByItself(): Promise<void> {
  const { server, sign_in_automatically } = await settings();
  if (!server || !sign_in_automatically || (await token()) !== null) return;
  if (await signInSilently(server)) await learn(true);
}

/**
 * Twice a minute: send what is kept, ask what is due. Without a page of Jira open the server is asked only about a
 * slot that may be lost, and once after the start.
 */
async function beat(): Promise<void> {
  await settle();
  await learn();
  const now = await snapshot();
  if (!now.signedIn) return;
  const open = (await siteTabs(now.config)).length > 0;
  for (const { key } of now.config.pools) {
    const state = stateOf(now, key);
    if (hasNews(state) && (await report(key))) continue;
    const told = state.document;
    if (open || told === null || told.state === "active") await look(key);
  }
}

async function ensureBeat(): Promise<void> {
  if (await api.alarms.get(BEAT)) return;
  await api.alarms.create(BEAT, { periodInMinutes: BEAT_MINUTES });
}

// --- Messages of pages and popup ------------------------------------------------------------------------------

async function answer(message: Message, sender: chrome.runtime.MessageSender): Promise<unknown> {
  switch (message.type) {
    case "snapshot":
      if (!(await configAt((await settings()).server))) await learn();
      await signInByItself();
      return snapshot();
    case "look":
      await look(message.pool, message);
      return tell();
    case "activity":
      if (message.sure || (await isAtComputer())) await active(message.pool, message.page);
      return tell();
    case "act":
      await act(message.pool, message.act, message.wanted);
      return tell();
    case "project":
      await change(({ projects }) => ({ projects: { ...projects, [message.name]: message.kind } }));
      return snapshot();
    case "denied":
      return detour(message.address);
    case "marker":
      return marker(sender);
    case "signIn":
      await signInByClick();
      return tell();
    case "signOut":
      await signOut((await settings()).server);
      return tell();
  }
}

async function signInByClick(): Promise<void> {
  await settle(); // right after the browser's start the policy may not have been read yet
  const { server } = await settings();
  await learn(true);
  if (await signIn(server, true)) return learn(true);
  const told = (await config(server)).sign_in;
  const own = told && new URL(told.token_endpoint).origin;
  const problem = own && own !== server ? text("sign_in_elsewhere", own) : text("sign_in_failed");
  await change(() => ({ problem }));
}

/** Only takes evidence away: somebody who types in another program is at the computer, but not in Jira. */
async function isAtComputer(): Promise<boolean> {
  return (await api.idle.queryState(IDLE_SECONDS)) === "active";
}

/**
 * Where Atlassian's "request access" page leads. The same page is also a step of ordinary sign-ins, so that alone is
 * no proof: only somebody who is known to share licences is sent on, anybody else is offered a link.
 */
async function detour(address: string): Promise<Detour> {
  await learn();
  await signInByItself();
  const known = await snapshot();
  if (!known.config.queue_url) return NO_DETOUR;
  const queue = new URL(known.config.queue_url);
  const wanted = wantedPage(address, known.config);
  const pool = wanted === null ? null : poolOf(wanted, known.config);
  if (wanted === null || pool === null) {
    const somewhere = known.signedIn ? null : wantedSomewhere(address);
    if (somewhere === null) return NO_DETOUR;
    queue.searchParams.set("return_url", somewhere);
    return { go: null, offer: queue.href };
  }
  if (needOf(wanted, pool, known.config, known.projects).need === "free") return NO_DETOUR;
  queue.searchParams.set("pool", pool.key);
  queue.searchParams.set("return_url", wanted);
  if (!known.signedIn) return { go: null, offer: queue.href };
  await look(pool.key, { fresh: true });
  const phase = phaseOf(await tell(), pool.key);
  if (phase === "active" || phase === "warned") return backTo(wanted);
  return isQueuePhase(phase) ? { go: queue.href, offer: queue.href } : { go: null, offer: queue.href };
}

/** With a slot the way leads straight back, but not in a circle: Jira may need a while. */
async function backTo(wanted: string): Promise<Detour> {
  const now = Date.now();
  const { detours } = await live();
  if (now - (detours[wanted] ?? 0) < DETOUR_REST) return { go: null, offer: wanted };
  await change(() => ({ detours: { ...detours, [wanted]: now } }));
  return { go: wanted, offer: wanted };
}

async function marker(sender: chrome.runtime.MessageSender): Promise<Partial<Snapshot>> {
  const { server, version, signedIn } = await snapshot();
  const origin = sender.url ? new URL(sender.url).origin : "";
  return origin === server ? { version, signedIn } : {};
}

// --- Listeners ------------------------------------------------------------------------------------------------

/** Run a task to its end, then show what is new. What goes wrong is for the extension's own console. */
function run(task: () => Promise<unknown>): void {
  task()
    .then(tell)
    .catch((error: unknown) => console.error("IUM:", error));
}

api.runtime.onMessage.addListener((message: Message, sender, reply) => {
  if (sender.id !== api.runtime.id) return false;
  answer(message, sender).then(reply, (error: unknown) => {
    console.error("IUM:", error);
    reply(null);
  });
  return true;
});

api.alarms.onAlarm.addListener(({ name }) => {
  if (name === BEAT) run(beat);
  if (name === WARNING_ALARM) run(async () => undefined);
});

api.runtime.onInstalled.addListener(() => {
  run(async () => {
    await settle();
    await learn(true);
    await inject("content.js", sitePatterns(await config((await settings()).server)));
  });
});

api.runtime.onStartup.addListener(() => run(beat));

api.storage.onChanged.addListener((changes, area) => {
  if (area === "managed" || (area === "local" && changes["chosen"])) run(settle);
});

api.permissions.onAdded.addListener(() => run(async () => registerPages(await snapshot())));
api.permissions.onRemoved.addListener(() => run(async () => registerPages(await snapshot())));

api.notifications.onClicked.addListener((id) => {
  if (id !== NOTICE) return;
  run(async () => {
    const key = mainPool(await snapshot());
    if (key !== null) await act(key, "keep", null);
    await api.notifications.clear(NOTICE);
    await show(await siteTabs(await config((await settings()).server)));
  });
});

// Only extension pages may read the token. Firefox has no such switch: there content scripts could, and never do.
api.storage.local.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" }).catch(() => undefined);
run(async () => {
  await ensureBeat();
  await settle();
});

