// What the worker does for the person: asks how things stand, asks for a slot, reports activity.
//
// All calls of a pool go one after the other, so that no answer overtakes another and no report is sent twice.

import {
  ageOf,
  attempting,
  mayReport,
  received,
  stateOf,
  waits,
} from "../shared/state.ts";
import type { Act, PoolState, SlotDocument } from "../shared/types.ts";
import { Line } from "./line.ts";
import { call, isResting, ServerAway, ServerRefused, SignedOut } from "./server.ts";
import { settings } from "./settings.ts";
import { change, changePool, config, live } from "./store.ts";

const calls = new Line();
// So long an answer is fresh enough for a page that was just opened.
const FRESH = 3000;
const LONGEST_ADDRESS = 2000;

type Step = "look" | "reconnect" | "poll" | "release" | "keep" | "report";

async function stateNow(key: string): Promise<PoolState> {
  return stateOf(await live(), key);
}

/** Note that the person was active now, and report it if it is time. `page` is only the part of Jira. */
export async function active(key: string, page: string): Promise<boolean> {
  const now = Date.now();
  await changePool(key, (state) => ({ ...state, activeAt: Math.max(now, state.activeAt), page }));
  return report(key);
}

/** Send activity that the server does not know of, if it is time; answers whether a call was made. */
export function report(key: string): Promise<boolean> {
  return calls.run(async () => {
    const { activity_seconds } = await config((await settings()).server);
    const now = Date.now();
    if (!mayReport(await stateNow(key), activity_seconds, now) || (await isResting(now))) return false;
    return carryOut(key, "report", null);
  });
}

/** Ask how things stand, or for a slot, if it is time (`fresh`: if the last answer is not quite new). */
export function look(
  key: string,
  { wanted = null, fresh = false }: { wanted?: string | null; fresh?: boolean } = {},
): Promise<boolean> {
  return calls.run(async () => {
    const now = Date.now();
    const state = await stateNow(key);
    const old = Math.abs(now - state.receivedAt) > FRESH;
    const due = now >= state.nextAskAt || state.nextAskAt - now > 300_000;
    const begins = state.document?.state === "none" && attempting(state, wanted !== null);
    if (!(due || (fresh && (old || begins))) || (await isResting(now))) return false;
    const { activity_seconds } = await config((await settings()).server);
    if (attempting(state, wanted !== null)) return carryOut(key, waits(state) ? "poll" : "reconnect", wanted);
    // The answer to a report tells the same: one call instead of two, and the first one after an outage.
    return carryOut(key, mayReport(state, activity_seconds, now) ? "report" : "look", null);
  });
}

/** Do what the person asked for with a click, whenever that is. */
export async function act(key: string, what: Act, wanted: string | null): Promise<void> {
  const now = Date.now();
  await changePool(key, (state) => ({
    ...state,
    left: what === "release" ? true : what === "reconnect" ? false : state.left,
    activeAt: what === "keep" ? now : state.activeAt,
  }));
  await calls.run(() => carryOut(key, what, wanted));
}

async function carryOut(key: string, step: Step, wanted: string | null): Promise<boolean> {
  const before = await stateNow(key);
  try {
    const document = (await send(key, step, wanted, before)) as SlotDocument;
    const now = Date.now();
    const told = step === "report" || step === "keep";
    await changePool(key, (state) => ({
      ...received(state, document, now),
      ...(told ? { sentAt: now, confirmedAt: Math.max(state.confirmedAt, before.activeAt) } : {}),
    }));
    if ((await live()).problem) await change(() => ({ problem: "" }));
    // This browser waited and was asleep for so long that the wait ended: whoever woke it up still wants a slot.
    const overslept = step === "poll" && document.state === "none" && document.reason === "gone";
    if (overslept && wanted !== null) return carryOut(key, "reconnect", wanted);
  } catch (error) {
    await failed(key, error);
  }
  return true;
}

function send(key: string, step: Step, wanted: string | null, state: PoolState): Promise<unknown> {
  const query = `slot?${new URLSearchParams({ pool: key })}`;
  switch (step) {
    case "look":
      return call("GET", query);
    case "release":
      return call("DELETE", query);
    case "reconnect":
    case "poll":
      return call("POST", "slot", {
        pool: key,
        ...(wanted !== null && wanted.length <= LONGEST_ADDRESS ? { return_url: wanted } : {}),
        // Goes on with the wait there is: who left the queue on another device is not put back.
        ...(step === "poll" ? { join: false } : {}),
      });
    default: {
      const report = { pool: key, idle_seconds: ageOf(state, Date.now()) };
      return call("POST", "activity", state.page ? { ...report, page: state.page } : report);
    }
  }
}

/** A refusal is told and not repeated at once; that the server is away or nobody is signed in was noted already. */
async function failed(key: string, error: unknown): Promise<void> {
  if (error instanceof ServerAway || error instanceof SignedOut) return;
  if (!(error instanceof ServerRefused)) throw error;
  const now = Date.now();
  await change(() => ({ problem: error.message }));
  await changePool(key, (state) => ({ ...state, nextAskAt: now + 30_000, sentAt: now }));
}

