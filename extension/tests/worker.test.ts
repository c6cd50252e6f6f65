// The worker as a whole, in a browser by hand: what it asks the server, and what it never does.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import type { SlotDocument, Snapshot } from "../src/shared/types.ts";
import { Browser, CONFIG, document, type Call, type Reply } from "./fake.ts";

const SERVER = "https://ium.example.com";
const NOW = Date.parse("2026-11-24T12:00:00Z");
let browser: Browser;
let life = 0;

/** Start a worker, as a browser does after it ended the last one: nothing is left but what is stored. */
async function wake(): Promise<void> {
  browser.onMessage.listeners = [];
  browser.onAlarm.listeners = [];
  browser.install();
  life += 1;
  await import(`../src/background/main.ts?life=${life}`);
  await rest();
}

/** Let everything that was begun end. */
async function rest(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function alarm(): Promise<void> {
  await browser.onAlarm.emit({ name: "beat" });
  await rest();
}

function later(seconds: number): void {
  mock.timers.setTime(Date.now() + seconds * 1000);
}

function activities(): Call[] {
  return browser.calls.filter(({ url }) => url.endsWith("/activity"));
}

const work = () => browser.send({ type: "activity", pool: "jira", page: "https://acme.atlassian.net/browse", sure: true });

function normal({ url }: Call): Reply {
  if (url.endsWith("/config")) return { json: CONFIG };
  return { json: document({ server_time: new Date().toISOString() }) };
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["Date"], now: NOW });
  browser = new Browser();
  browser.local["chosen"] = { server: SERVER };
  browser.local["token"] = { access: "t0", refresh: null, expiresAt: null };
  browser.tabs = [{ id: 1, url: "https://acme.atlassian.net/", active: true, windowId: 1 }];
  browser.reply = normal;
});

test("activity of several tabs becomes one report", async () => {
  await wake();
  await Promise.all([work(), work(), work()]);
  assert.equal(activities().length, 1);
  assert.deepEqual(activities()[0]?.body, { pool: "jira", idle_seconds: 0, page: "https://acme.atlassian.net/browse" });
  assert.equal(activities()[0]?.headers["X-IUM-Extension"], "1.0.0 chrome");
  assert.equal(activities()[0]?.headers["Authorization"], "Bearer t0");
});

test("what came too soon for a report is sent by the next beat, as an age", async () => {
  await wake();
  await work();
  later(10);
  await work();
  assert.equal(activities().length, 1);
  later(25);
  await alarm();
  assert.equal((activities()[1]?.body as { idle_seconds: number }).idle_seconds, 25);
  later(60);
  await alarm();
  assert.equal(activities().length, 2, "told once, never again");
});

test("activity is kept while the server is away and told once when it is back, as old as it is then", async () => {
  await wake();
  browser.reply = () => "lost";
  await work();
  await wake(); // the worker ends and begins anew
  later(40);
  await alarm();
  assert.equal(browser.badge, "×");
  later(90);
  browser.reply = normal;
  browser.calls = [];
  await alarm();
  assert.equal(activities().length, 1);
  assert.equal((activities()[0]?.body as { idle_seconds: number }).idle_seconds, 130);
  assert.equal(browser.badge, "✓");
  later(300);
  await alarm();
  assert.equal(activities().length, 1);
});

test("a page of a hotel's network is not the server", async () => {
  await wake();
  browser.reply = () => ({ json: null });
  await work();
  later(20);
  await work();
  const { away } = (await browser.send({ type: "snapshot" })) as Snapshot;
  assert.equal(away?.failures, 2);
});

test("a warning makes activity go out at once", async () => {
  await wake();
  browser.reply = (call) =>
    call.url.endsWith("/config") ? normal(call) : { json: document({ revoke_at: new Date(NOW + 60_000).toISOString() }) };
  await work();
  browser.reply = normal;
  later(1);
  await work();
  assert.equal(activities().length, 2);
});

test("unsure signs count only for somebody who is at the computer", async () => {
  await wake();
  browser.idle = "idle";
  await browser.send({ type: "activity", pool: "jira", page: "", sure: false });
  assert.equal(activities().length, 0);
  browser.idle = "active";
  await browser.send({ type: "activity", pool: "jira", page: "", sure: false });
  assert.equal(activities().length, 1);
});

test("a page is asked about only when the server wants to be asked", async () => {
  await wake();
  await browser.send({ type: "look", pool: "jira", wanted: null });
  await browser.send({ type: "look", pool: "jira", wanted: null });
  const asked = () => browser.calls.filter(({ url }) => url.includes("/slot")).length;
  assert.equal(asked(), 1);
  later(31);
  await browser.send({ type: "look", pool: "jira", wanted: null });
  assert.equal(asked(), 2);
});

test("waiting polls by asking for a slot, leaving stops that until Reconnect", async () => {
  await wake();
  const queued = document({ state: "queued", reason: "waiting", automatic: true, position: 3, retry_after: 3 });
  browser.reply = (call) => (call.url.endsWith("/config") ? normal(call) : { json: queued });
  const wanted = "https://acme.atlassian.net/browse/DEMO-1";
  await browser.send({ type: "act", act: "reconnect", pool: "jira", wanted });
  const last = () => browser.calls.at(-1);
  assert.deepEqual([last()?.method, last()?.body], ["POST", { pool: "jira", return_url: wanted }]);
  assert.equal(browser.badge, "3");
  later(4);
  await browser.send({ type: "look", pool: "jira", wanted });
  assert.deepEqual([last()?.method, last()?.body], ["POST", { pool: "jira", return_url: wanted, join: false }]);
  await browser.send({ type: "act", act: "release", pool: "jira", wanted });
  assert.equal(last()?.method, "DELETE");
  later(4);
  await browser.send({ type: "look", pool: "jira", wanted });
  assert.equal(last()?.method, "GET");
});

test("who left the queue on another device is not put back, who overslept waits again", async () => {
  await wake();
  const wanted = "https://acme.atlassian.net/browse/DEMO-1";
  const answers = (state: Partial<SlotDocument>) => {
    browser.reply = (call) => (call.url.endsWith("/config") ? normal(call) : { json: document(state) });
  };
  const bodies = () => browser.calls.filter(({ url }) => url.endsWith("/slot")).map(({ body }) => body);
  answers({ state: "queued", reason: "waiting", automatic: true, position: 3, retry_after: 3 });
  await browser.send({ type: "act", act: "reconnect", pool: "jira", wanted });
  for (const [reason, calls] of [["left_queue", 1], ["gone", 2]] as const) {
    answers({ state: "queued", reason: "waiting", automatic: true, position: 3, retry_after: 3 });
    await browser.send({ type: "act", act: "reconnect", pool: "jira", wanted });
    answers({ state: "none", reason, automatic: false });
    browser.calls = [];
    later(4);
    await browser.send({ type: "look", pool: "jira", wanted });
    const poll = { pool: "jira", return_url: wanted, join: false };
    assert.deepEqual(bodies(), [poll, { pool: "jira", return_url: wanted }].slice(0, calls), reason);
  }
});

test("nobody without a page of Jira is asked about, unless a slot may be lost", async () => {
  await wake();
  browser.tabs = [];
  browser.reply = (call) => (call.url.endsWith("/config") ? normal(call) : { json: document({ state: "none" }) });
  await browser.send({ type: "look", pool: "jira", wanted: null });
  browser.calls = [];
  later(60);
  await alarm();
  assert.equal(browser.calls.length, 0);
});

test("a refused token is renewed once, and everybody uses the new one", async () => {
  browser.local["token"] = { access: "old", refresh: "r1", expiresAt: null };
  browser.reply = (call) => {
    if (call.url.endsWith("/token")) return { json: { access_token: "new", refresh_token: "r2", expires_in: 600 } };
    if (call.headers["Authorization"] === "Bearer old") return { status: 401, json: { detail: "no" } };
    return normal(call);
  };
  await wake();
  await Promise.all([work(), browser.send({ type: "look", pool: "jira", wanted: null, fresh: true })]);
  const renewals = browser.calls.filter(({ url }) => url.endsWith("/token"));
  assert.equal(renewals.length, 1);
  assert.deepEqual(renewals[0]?.body, { grant_type: "refresh_token", refresh_token: "r1", client_id: "ium-extension" });
  assert.equal((browser.local["token"] as { refresh: string }).refresh, "r2");
});

test("a refused renewal signs out; a server that is away does not", async () => {
  browser.local["token"] = { access: "old", refresh: "r1", expiresAt: NOW };
  let tokens: Reply = { status: 503 };
  browser.reply = (call) => (call.url.endsWith("/token") ? tokens : normal(call));
  browser.local["config"] = { server: SERVER, config: CONFIG, fetchedAt: NOW };
  await wake();
  await work();
  assert.ok(browser.local["token"]);
  tokens = { status: 400, json: { error: "invalid_grant" } };
  later(60);
  await work();
  assert.equal(browser.local["token"], undefined);
  assert.equal(browser.badge, "?");
});

test("signing in exchanges the code with the verifier of its challenge", async () => {
  delete browser.local["token"];
  let challenge = "";
  browser.flow = (url, interactive) => {
    if (!interactive) throw new Error("User interaction required.");
    const asked = new URL(url).searchParams;
    challenge = asked.get("code_challenge") ?? "";
    return `https://ium.chromiumapp.org/cb?code=c1&state=${asked.get("state")}`;
  };
  browser.reply = (call) =>
    call.url.endsWith("/token") ? { json: { access_token: "a", refresh_token: "r", expires_in: 60 } } : normal(call);
  await wake();
  const now = (await browser.send({ type: "signIn" })) as Snapshot;
  assert.equal(now.signedIn, true);
  const { body } = browser.calls.find(({ url }) => url.endsWith("/token"))!;
  const { code_verifier, ...rest } = body as Record<string, string>;
  const { challengeOf } = await import("../src/background/oauth.ts");
  assert.equal(await challengeOf(code_verifier!), challenge);
  assert.deepEqual(rest, {
    grant_type: "authorization_code",
    code: "c1",
    redirect_uri: "https://ium.chromiumapp.org/cb",
    client_id: "ium-extension",
  });
});

test("signing out tells the server, and nothing signs in again by itself", async () => {
  let flows = 0;
  browser.flow = () => {
    flows += 1;
    throw new Error("no");
  };
  await wake();
  await browser.send({ type: "signOut" });
  assert.deepEqual(browser.calls.at(-1)?.body, { token: "t0", client_id: "ium-extension" });
  await browser.send({ type: "snapshot" });
  assert.equal(flows, 0);
});

test("another server means another sign-in: the token never goes there", async () => {
  await wake();
  browser.local["chosen"] = { server: "https://other.example.com" };
  browser.calls = [];
  await alarm();
  assert.equal(browser.local["token"], undefined);
  assert.ok(browser.calls.every(({ headers }) => !headers["Authorization"]));
});

test("the policy's server wins", async () => {
  browser.managed = { server: "https://policy.example.com" };
  await wake();
  const now = (await browser.send({ type: "snapshot" })) as Snapshot;
  assert.equal(now.server, "https://policy.example.com");
});

const DENIED = "https://id.atlassian.com/join/user-access?continue=https%3A%2F%2Facme.atlassian.net%2Fbrowse%2FDEMO-7";
const QUEUE = "https://ium.example.com/queue/?pool=jira&return_url=https%3A%2F%2Facme.atlassian.net%2Fbrowse%2FDEMO-7";

test("request access leads who shares licences to the queue, with the way back", async () => {
  await wake();
  browser.reply = (call) => (call.url.endsWith("/config") ? normal(call) : { json: document({ state: "none" }) });
  assert.deepEqual(await browser.send({ type: "denied", address: DENIED }), { go: QUEUE, offer: QUEUE });
});

test("request access leads nobody away who does not share licences or is not signed in", async () => {
  await wake();
  browser.reply = (call) => (call.url.endsWith("/config") ? normal(call) : { json: document({ state: "not_managed" }) });
  assert.deepEqual(await browser.send({ type: "denied", address: DENIED }), { go: null, offer: QUEUE });
  await browser.send({ type: "signOut" });
  assert.deepEqual(await browser.send({ type: "denied", address: DENIED }), { go: null, offer: QUEUE });
});

test("before the sites are known, request access offers the queue for a page of Jira Cloud only", async () => {
  delete browser.local["token"];
  const open = { ...CONFIG, pools: [] };
  browser.reply = (call) => (call.url.endsWith("/config") ? { json: open } : { status: 401 });
  await wake();
  const offer = `https://ium.example.com/queue/?return_url=${encodeURIComponent("https://acme.atlassian.net/browse/DEMO-7")}`;
  assert.deepEqual(await browser.send({ type: "denied", address: DENIED }), { go: null, offer });
  const evil = `https://id.atlassian.com/join/user-access?continue=${encodeURIComponent("https://evil.example.com/")}`;
  assert.deepEqual(await browser.send({ type: "denied", address: evil }), { go: null, offer: null });
});

test("request access is left alone for pages that need no slot", async () => {
  await wake();
  const portal = encodeURIComponent("https://acme.atlassian.net/jira/servicedesk/projects/SUP");
  const address = `https://id.atlassian.com/join/user-access?continue=${portal}`;
  assert.deepEqual(await browser.send({ type: "denied", address }), { go: null, offer: null });
});

test("with a slot the way leads back once, not in a circle", async () => {
  await wake();
  const page = "https://acme.atlassian.net/browse/DEMO-7";
  assert.deepEqual(await browser.send({ type: "denied", address: DENIED }), { go: page, offer: page });
  later(5);
  assert.deepEqual(await browser.send({ type: "denied", address: DENIED }), { go: null, offer: page });
});

test("a notification of the system comes one minute ahead, once, and only when no page is visible", async () => {
  await wake();
  let revoke_at: string | null = new Date(NOW + 80_000).toISOString();
  browser.reply = (call) =>
    call.url.endsWith("/config")
      ? normal(call)
      : { json: document({ revoke_at, server_time: new Date().toISOString() }) };
  browser.tabs[0]!.active = false;
  await alarm();
  assert.deepEqual(browser.notices, []);
  assert.deepEqual(browser.alarms["warning"], { when: NOW + 20_000 });
  later(20);
  await browser.onAlarm.emit({ name: "warning" });
  await rest();
  assert.deepEqual(browser.notices, ["ium-warning"]);
  later(15);
  await alarm();
  assert.deepEqual(browser.notices, ["ium-warning"]);
  revoke_at = null;
  later(31);
  await alarm();
  assert.deepEqual(browser.notices, []);
});

test("IUM's own pages hear the version, other pages hear nothing", async () => {
  await wake();
  assert.deepEqual(await browser.send({ type: "marker" }, `${SERVER}/queue/`), { version: "1.0.0", signedIn: true });
  assert.deepEqual(await browser.send({ type: "marker" }, "https://ium.example.com.evil.example/"), {});
});

test("messages of other extensions are not answered", async () => {
  await wake();
  let answered = false;
  await browser.onMessage.emit({ type: "snapshot" }, { id: "other" }, () => (answered = true));
  await rest();
  assert.equal(answered, false);
});
