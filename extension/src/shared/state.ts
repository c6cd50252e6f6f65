// What a person's state means: the same answer for badge, popup, pages and worker. Pure functions only.

import type { Pool, PoolState, SlotDocument, Snapshot } from "./types.ts";

export type Phase =
  | "no_server"
  | "signed_out"
  | "away"
  | "unknown"
  | "off"
  | "warned"
  | SlotDocument["state"];

/** The state of a pool of which nothing is known yet. */
export const NOTHING_KNOWN: PoolState = {
  document: null,
  receivedAt: 0,
  clockOffset: 0,
  nextAskAt: 0,
  activeAt: 0,
  confirmedAt: 0,
  sentAt: 0,
  page: "",
  left: false,
};

/** Failures in a row before the server counts as away: one lost call is no news. */
const FAILURES_TO_BE_AWAY = 2;
const LONGEST_BACKOFF = 60_000;

export function isAway(snapshot: Pick<Snapshot, "away">): boolean {
  return (snapshot.away?.failures ?? 0) >= FAILURES_TO_BE_AWAY;
}

export function stateOf(snapshot: Pick<Snapshot, "pools">, key: string | null): PoolState {
  return (key !== null && snapshot.pools[key]) || NOTHING_KNOWN;
}

/** Tell what to show for a pool. */
export function phaseOf(snapshot: Snapshot, key: string | null): Phase {
  if (!snapshot.server) return "no_server";
  if (isAway(snapshot)) return "away";
  if (!snapshot.signedIn) return "signed_out";
  const document = stateOf(snapshot, key).document;
  if (document === null) return "unknown";
  if (document.state === "active" && document.revoke_at !== null) return "warned";
  return document.state === "none" && NO_SLOT_NEEDED.includes(document.reason) ? "off" : document.state;
}

/** Reasons why nobody needs a slot: the pool is switched off, or only measures. Activity counts all the same. */
const NO_SLOT_NEEDED: readonly string[] = ["pool_off", "measuring"];

const WITHOUT_SLOT: readonly Phase[] = ["none", "queued", "granting", "revoking", "locked"];

/** Whether a page that needs a slot is covered by the queue. When in doubt Jira is never covered. */
export function isQueuePhase(phase: Phase): boolean {
  return WITHOUT_SLOT.includes(phase);
}

/** Whether somebody's activity matters: they hold a slot, or it is not known that they do not. */
export function countsActivity(phase: Phase): boolean {
  return !isQueuePhase(phase) && phase !== "not_managed" && phase !== "no_server";
}

/** Whether the person waits, as far as the last answer says. */
export function waits(state: PoolState): boolean {
  return state.document?.state === "queued" || state.document?.state === "granting";
}

/** Whether the next call asks for a slot: who waits goes on waiting; otherwise only where attempts are automatic. */
export function attempting(state: PoolState, pageNeedsSlot: boolean): boolean {
  const document = state.document;
  if (document === null || state.left || NO_SLOT_NEEDED.includes(document.reason)) return false;
  if (waits(state)) return true;
  const mayStart = document.state === "none" || document.state === "revoking";
  return document.automatic && mayStart && pageNeedsSlot;
}

/** Return the state after the server's answer. */
export function received(state: PoolState, document: SlotDocument, now: number): PoolState {
  const wait = Math.min(300, Math.max(1, Number(document.retry_after) || 30));
  return {
    ...state,
    document,
    receivedAt: now,
    clockOffset: Date.parse(document.server_time) - now || 0,
    nextAskAt: now + wait * 1000,
  };
}

/** When the call of the server after so many failures in a row is tried again: 4, 8, 16, 32, then every 60 s. */
export function backoff(failures: number, now: number): number {
  return now + Math.min(LONGEST_BACKOFF, 2000 * 2 ** Math.min(failures, 6));
}

/** Whether there is activity that the server does not know of. */
export function hasNews(state: PoolState): boolean {
  return state.activeAt > state.confirmedAt;
}

/** Whether activity is to be sent now: not more often than the server wants, at once when a slot is at stake. */
export function mayReport(state: PoolState, everySeconds: number, now: number): boolean {
  if (!hasNews(state)) return false;
  // A clock that was set back must not silence reports for hours.
  const since = Math.abs(now - state.sentAt);
  return state.document?.revoke_at != null || since >= everySeconds * 1000;
}

/** How long ago the activity was, in seconds: an age, because the clocks differ. */
export function ageOf(state: PoolState, now: number): number {
  const seconds = Math.max(0, (now - state.activeAt) / 1000);
  return Math.round(Math.min(seconds, 604_800) * 10) / 10;
}

/** When the slot is lost, by this computer's clock; null without a warning. */
export function lossAt(state: PoolState): number | null {
  const told = state.document?.revoke_at ? Date.parse(state.document.revoke_at) : NaN;
  return Number.isNaN(told) ? null : told - state.clockOffset;
}

/** When the "Lost Jira slot" popup appears, by this computer's clock; null without a warning. */
export function warningAt(state: PoolState, pool: Pool): number | null {
  const loss = lossAt(state);
  return loss === null ? null : loss - pool.warning_seconds * 1000;
}

/** Return "1:05" for 65 seconds. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Return the expected wait in minutes, [from, to]; null while it is not known. */
export function waitInMinutes(eta: SlotDocument["eta_seconds"]): [number, number] | null {
  if (eta === null) return null;
  const [low, high] = eta.map((seconds) => Math.ceil(Math.max(0, seconds) / 60)) as [number, number];
  return [Math.min(low, high), Math.max(1, low, high)];
}
