// The worker's memory. It may be ended at any moment, so everything is in the browser's storage: what belongs to
// this run of the browser in storage.session, what outlasts it (settings, token, configuration) in storage.local.

import { api } from "../shared/browser.ts";
import { DEFAULTS, readConfig } from "../shared/config.ts";
import { NOTHING_KNOWN } from "../shared/state.ts";
import type { Away, PoolState, ServerConfig } from "../shared/types.ts";
import { Line } from "./line.ts";

export interface Live {
  pools: Record<string, PoolState>;
  projects: Record<string, string>;
  away: Away | null;
  problem: string;
  /** When signing in without a click was last tried. */
  silentTriedAt: number;
  /** The `revoke_at` that the system's notification was shown for. */
  notifiedFor: string;
  /** Until when "request access" does not lead away again: page -> moment. */
  detours: Record<string, number>;
}

const EMPTY: Live = {
  pools: {},
  projects: {},
  away: null,
  problem: "",
  silentTriedAt: 0,
  notifiedFor: "",
  detours: {},
};

const changes = new Line();

export async function live(): Promise<Live> {
  const { live: kept } = await api.storage.session.get("live");
  return { ...EMPTY, ...(kept as Partial<Live> | undefined) };
}

/** Change what is remembered; no other change happens between reading and writing. */
export function change(edit: (now: Live) => Partial<Live>): Promise<void> {
  return changes.run(async () => {
    const before = await live();
    await api.storage.session.set({ live: { ...before, ...edit(before) } });
  });
}

export function changePool(key: string, edit: (state: PoolState) => PoolState): Promise<void> {
  return change(({ pools }) => ({
    pools: { ...pools, [key]: edit(pools[key] ?? NOTHING_KNOWN) },
  }));
}

/** Forget everything about the person: after signing in or out, and when the server changes. */
export function forgetPerson(): Promise<void> {
  return change(() => ({ pools: {}, away: null, problem: "", notifiedFor: "", detours: {} }));
}

export interface Token {
  access: string;
  refresh: string | null;
  /** When the access token ends; null for one that does not end by itself. */
  expiresAt: number | null;
}

export async function token(): Promise<Token | null> {
  const { token: kept } = await api.storage.local.get("token");
  return (kept as Token | undefined) ?? null;
}

export async function setToken(value: Token | null): Promise<void> {
  if (value === null) await api.storage.local.remove("token");
  else await api.storage.local.set({ token: value });
}

interface KeptConfig {
  config: ServerConfig;
  server: string;
  fetchedAt: number;
  /** What the server tells everybody: it tells more to somebody who is signed in. */
  open: boolean;
}

async function kept(server: string): Promise<KeptConfig | null> {
  const { config } = await api.storage.local.get("config");
  const found = config as KeptConfig | undefined;
  return found?.server === server ? found : null;
}

/** The server's configuration as last heard, or the built-in one. */
export async function config(server: string): Promise<ServerConfig> {
  return readConfig((await kept(server))?.config ?? DEFAULTS);
}

/** When the configuration was heard that is to be had now; 0 for never. */
export async function configAt(server: string): Promise<number> {
  const found = await kept(server);
  if (found === null || (found.open && (await token()) !== null)) return 0;
  return found.fetchedAt;
}

export async function setConfig(server: string, answer: unknown, open: boolean): Promise<void> {
  const value: KeptConfig = { server, config: readConfig(answer), fetchedAt: Date.now(), open };
  await api.storage.local.set({ config: value });
}
