// The mark on the toolbar button: what state, at a glance.

import { api, text } from "../shared/browser.ts";
import { phaseOf, stateOf, type Phase } from "../shared/state.ts";
import type { Snapshot } from "../shared/types.ts";

const GOOD = "#14744a";
const WAITING = "#0b5fcc";
const WARNING = "#b34700";
const TROUBLE = "#b3261e";
const QUIET = "#5c6773";

const LOOK: Record<Phase, [mark: string, colour: string]> = {
  no_server: ["!", QUIET],
  signed_out: ["?", WARNING],
  away: ["×", TROUBLE],
  unknown: ["…", QUIET],
  off: ["", QUIET],
  none: ["–", QUIET],
  queued: ["", WAITING],
  granting: ["…", WAITING],
  active: ["✓", GOOD],
  warned: ["!", WARNING],
  revoking: ["…", QUIET],
  locked: ["–", WARNING],
  not_managed: ["", QUIET],
};

/** The pool that the toolbar shows: the one in which most happens. */
export function mainPool(snapshot: Snapshot): string | null {
  const rank: Phase[] = ["warned", "queued", "granting", "active", "revoking", "locked", "none"];
  const keys = snapshot.config.pools.map(({ key }) => key);
  const ranked = keys.map((key) => [rank.indexOf(phaseOf(snapshot, key)), key] as const);
  const known = ranked.filter(([place]) => place >= 0).sort(([a], [b]) => a - b);
  return known[0]?.[1] ?? keys[0] ?? null;
}

/** Mark, colour and title of the button. */
export function badgeOf(snapshot: Snapshot): { mark: string; colour: string; phase: Phase } {
  const key = mainPool(snapshot);
  const phase = phaseOf(snapshot, key);
  const [mark, colour] = LOOK[phase];
  const position = stateOf(snapshot, key).document?.position;
  return { phase, colour, mark: phase === "queued" && position != null ? String(position) : mark };
}

export async function showBadge(snapshot: Snapshot): Promise<void> {
  const { mark, colour, phase } = badgeOf(snapshot);
  await api.action.setBadgeBackgroundColor({ color: colour });
  await api.action.setBadgeTextColor({ color: "#ffffff" });
  await api.action.setBadgeText({ text: mark });
  await api.action.setTitle({ title: `IUM: ${text(`phase_${phase}`)}` });
}
