// Settings: what the organisation's policy says wins over what the person chose, and that over the default.

import { serverOrigin } from "./config.ts";

export interface Settings {
  /** Origin of IUM's server; empty until it is known. */
  server: string;
  sign_in_automatically: boolean;
  notifications: boolean;
}

export type SettingName = keyof Settings;

export const DEFAULT_SETTINGS: Settings = {
  server: "",
  sign_in_automatically: true,
  notifications: true,
};

/** Return the settings, and which of them the policy decided. Values of a wrong kind are ignored. */
export function settle(
  managed: Record<string, unknown>,
  chosen: Record<string, unknown>,
): { settings: Settings; fixed: SettingName[] } {
  const policy = checked(managed);
  return {
    settings: { ...DEFAULT_SETTINGS, ...checked(chosen), ...policy },
    fixed: Object.keys(policy) as SettingName[],
  };
}

function checked(given: Record<string, unknown>): Partial<Settings> {
  const found: Partial<Settings> = {};
  const server = serverOrigin(given["server"]);
  if (server !== null) found.server = server;
  for (const name of ["sign_in_automatically", "notifications"] as const) {
    const value = given[name];
    if (typeof value === "boolean") found[name] = value;
  }
  return found;
}
