import assert from "node:assert/strict";
import { test } from "node:test";

import { Pointer, Throttle } from "../src/content/activity.ts";
import { settle } from "../src/shared/policy.ts";
import {
  ageOf,
  attempting,
  backoff,
  clock,
  lossAt,
  mayReport,
  NOTHING_KNOWN,
  phaseOf,
  received,
  waitInMinutes,
  warningAt,
} from "../src/shared/state.ts";
import type { PoolState, SlotDocument, Snapshot } from "../src/shared/types.ts";
import { readConfig } from "../src/shared/config.ts";
import { CONFIG, document } from "./fake.ts";

const NOW = Date.parse("2026-11-24T12:00:00Z");
const config = readConfig(CONFIG);
const pool = config.pools[0]!;

function state(given: object = {}, rest: Partial<PoolState> = {}): PoolState {
  return { ...NOTHING_KNOWN, document: document(given) as unknown as SlotDocument, ...rest };
}

function snapshot(given: object, rest: Partial<Snapshot> = {}): Snapshot {
  const base = { version: "1", server: "https://ium.example.com", signedIn: true, away: null, problem: "" };
  return { ...base, config, projects: {}, pools: { jira: state(given) }, ...rest };
}

test("the loss is told in this computer's time, however wrong its clock is", () => {
  const server = NOW + 3_600_000;
  const told = received(
    state(),
    document({
      server_time: new Date(server).toISOString(),
      revoke_at: new Date(server + 75_000).toISOString(),
    }) as unknown as SlotDocument,
    NOW,
  );
  assert.equal(lossAt(told), NOW + 75_000);
  assert.equal(warningAt(told, pool), NOW + 15_000);
});

test("without a warning there is no time of loss", () => {
  assert.equal(lossAt(state()), null);
  assert.equal(warningAt(state(), pool), null);
});

test("the server is asked again when it said so, within reason", () => {
  const again = (retry_after: unknown) =>
    received(state(), document({ retry_after }) as unknown as SlotDocument, NOW).nextAskAt - NOW;
  assert.equal(again(12.5), 12_500);
  assert.equal(again(0), 30_000);
  assert.equal(again(-5), 1000);
  assert.equal(again(1e9), 300_000);
  assert.equal(again("soon"), 30_000);
});

test("who waits goes on waiting, and others begin by themselves only where that is automatic", () => {
  assert.equal(attempting(state({ state: "queued" }), false), true);
  assert.equal(attempting(state({ state: "granting" }), false), true);
  assert.equal(attempting(state({ state: "none" }), true), false);
  assert.equal(attempting(state({ state: "none", automatic: true }), true), true);
  assert.equal(attempting(state({ state: "none", automatic: true }), false), false);
  assert.equal(attempting(state({ state: "none", automatic: true, reason: "pool_off" }), true), false);
  assert.equal(attempting(state({ state: "none", automatic: true, reason: "measuring" }), true), false);
  assert.equal(attempting(state({ state: "active", automatic: true }), true), false);
  assert.equal(attempting(state({ state: "queued" }, { left: true }), true), false);
});

test("activity is sent at most as often as wanted, at once when a slot is at stake, and once", () => {
  const fresh = { activeAt: NOW, confirmedAt: 0 };
  assert.equal(mayReport(state({}, { ...fresh, sentAt: NOW - 29_000 }), 30, NOW), false);
  assert.equal(mayReport(state({}, { ...fresh, sentAt: NOW - 30_000 }), 30, NOW), true);
  const warned = { revoke_at: new Date(NOW + 60_000).toISOString() };
  assert.equal(mayReport(state(warned, { ...fresh, sentAt: NOW - 1000 }), 30, NOW), true);
  assert.equal(mayReport(state({}, { activeAt: NOW, confirmedAt: NOW }), 30, NOW + 60_000), false);
});

test("a clock that is set back neither silences reports nor makes ages negative", () => {
  const ahead = state({}, { activeAt: NOW + 7_200_000, sentAt: NOW + 7_200_000 });
  assert.equal(mayReport(ahead, 30, NOW), true);
  assert.equal(ageOf(ahead, NOW), 0);
});

test("ages grow while a report is kept, up to what the server takes", () => {
  const kept = state({}, { activeAt: NOW });
  assert.equal(ageOf(kept, NOW + 12_340), 12.3);
  assert.equal(ageOf(kept, NOW + 900_000_000), 604_800);
});

test("one lost call is no news, two are; then Jira is not covered", () => {
  const away = (failures: number) => ({ away: { since: NOW, failures, retryAt: NOW } });
  assert.equal(phaseOf(snapshot({ state: "none" }, away(1)), "jira"), "none");
  assert.equal(phaseOf(snapshot({ state: "none" }, away(2)), "jira"), "away");
});

test("phases follow what is known", () => {
  const phase = (given: object, rest: Partial<Snapshot> = {}) => phaseOf(snapshot(given, rest), "jira");
  assert.equal(phase({}, { server: "" }), "no_server");
  assert.equal(phase({}, { signedIn: false }), "signed_out");
  assert.equal(phase({}, { pools: {} }), "unknown");
  assert.equal(phase({ state: "none", reason: "pool_off" }), "off");
  assert.equal(phase({ state: "none", reason: "measuring" }), "off");
  assert.equal(phase({ revoke_at: new Date(NOW).toISOString() }), "warned");
  assert.equal(phase({ state: "queued" }), "queued");
});

test("waiting for a server that is away grows to a minute", () => {
  const waits = [1, 2, 3, 4, 5, 6, 20].map((failures) => backoff(failures, 0) / 1000);
  assert.deepEqual(waits, [4, 8, 16, 32, 60, 60, 60]);
});

test("times and waits are told in words that people use", () => {
  assert.equal(clock(65), "1:05");
  assert.equal(clock(0.2), "0:01");
  assert.equal(clock(-5), "0:00");
  assert.deepEqual(waitInMinutes([61, 290]), [2, 5]);
  assert.deepEqual(waitInMinutes([0, 0]), [0, 1]);
  assert.equal(waitInMinutes(null), null);
});

test("a policy wins over a choice, a choice over the default, and nonsense over nothing", () => {
  const { settings, fixed } = settle(
    { server: "https://policy.example.com/x", notifications: "yes", unknown: 1 },
    { server: "https://mine.example.com", notifications: false },
  );
  assert.deepEqual(settings, {
    server: "https://policy.example.com",
    sign_in_automatically: true,
    notifications: false,
  });
  assert.deepEqual(fixed, ["server"]);
});

test("a throttle lets the first through at once and then one per time", () => {
  const throttle = new Throttle();
  const admitted = [0, 10, 4999, 5000, 5001].filter((now) => throttle.admits(now, 5000));
  assert.deepEqual(admitted, [0, 5000]);
});

test("a pointer at rest does not move, although the browser says so", () => {
  const pointer = new Pointer();
  const moves = [[5, 5], [5, 5], [5, 6]].map(([screenX, screenY]) =>
    pointer.moved({ screenX: screenX!, screenY: screenY! }),
  );
  assert.deepEqual(moves, [false, false, true]);
});
