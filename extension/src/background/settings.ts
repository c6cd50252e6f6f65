// Settings of this browser. A policy may take seconds to be read after the browser's start, and nothing waits for it:
// until then the settings of last time apply.

import { api } from "../shared/browser.ts";
import { DEFAULT_SETTINGS, settle, type SettingName, type Settings } from "../shared/policy.ts";

export interface Settled {
  settings: Settings;
  fixed: SettingName[];
}

/** The settings as last read. */
export async function settings(): Promise<Settings> {
  const { settled } = await api.storage.local.get("settled");
  return { ...DEFAULT_SETTINGS, ...(settled as Settled | undefined)?.settings };
}

/** Read policy and choices anew; answers whether the server is another one now. */
export async function readSettings(): Promise<boolean> {
  const before = await settings();
  const { chosen } = await api.storage.local.get("chosen");
  const settled = settle(await managed(), (chosen as Record<string, unknown> | undefined) ?? {});
  await api.storage.local.set({ settled });
  return settled.settings.server !== before.server;
}

/** Firefox refuses the question where there is no policy. */
async function managed(): Promise<Record<string, unknown>> {
  try {
    return await api.storage.managed.get();
  } catch {
    return {};
  }
}
