// The system's notification: only while a slot is about to be lost and no page of Jira is on the screen.

import { api, text } from "../shared/browser.ts";
import { lossAt, warningAt } from "../shared/state.ts";
import type { Snapshot } from "../shared/types.ts";
import { settings } from "./settings.ts";
import { change, live } from "./store.ts";
import { anyVisible, siteTabs } from "./tabs.ts";

export const NOTICE = "ium-warning";
export const WARNING_ALARM = "warning";

/** Show, plan or take away the notification. */
export async function warnOutside(snapshot: Snapshot, now: number): Promise<void> {
  const warned = snapshot.config.pools.find((pool) => lossOf(snapshot, pool.key) !== null);
  const state = warned && snapshot.pools[warned.key];
  const loss = state ? lossAt(state) : null;
  if (!warned || !state || loss === null || loss < now) return calm();
  const from = warningAt(state, warned) ?? loss;
  if (from > now + 500) {
    await api.alarms.create(WARNING_ALARM, { when: from });
    return;
  }
  const told = state.document?.revoke_at ?? "";
  if ((await live()).notifiedFor === told || !(await settings()).notifications) return;
  if (await anyVisible(await siteTabs(snapshot.config))) return;
  await change(() => ({ notifiedFor: told }));
  await api.notifications.create(NOTICE, {
    type: "basic",
    iconUrl: api.runtime.getURL("icons/128.png"),
    title: text("warning_title"),
    message: text("notice_message", warned.name, Math.ceil((loss - now) / 1000)),
  });
}

function lossOf(snapshot: Snapshot, key: string): number | null {
  const state = snapshot.pools[key];
  return state ? lossAt(state) : null;
}

async function calm(): Promise<void> {
  if (!(await live()).notifiedFor) return;
  await change(() => ({ notifiedFor: "" }));
  await api.notifications.clear(NOTICE);
}
