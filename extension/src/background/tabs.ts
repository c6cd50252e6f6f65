// The open pages of Jira, and how they hear what is new.

import { api } from "../shared/browser.ts";
import type { Broadcast, ServerConfig, Snapshot } from "../shared/types.ts";

/** Match patterns of all sites of the pools. Patterns know no port. */
export function sitePatterns(config: ServerConfig): string[] {
  return [...new Set(config.pools.map((pool) => patternOf(pool.site_url)))];
}

export function patternOf(address: string): string {
  const { protocol, hostname } = new URL(address);
  return `${protocol}//${hostname}/*`;
}

/** The tabs that show a site of a pool, as far as the extension may see them. */
export async function siteTabs(config: ServerConfig): Promise<chrome.tabs.Tab[]> {
  const url = sitePatterns(config);
  return url.length ? api.tabs.query({ url }) : [];
}

/** Whether one of them is on the screen. */
export async function anyVisible(tabs: chrome.tabs.Tab[]): Promise<boolean> {
  for (const tab of tabs.filter(({ active }) => active)) {
    const window = await api.windows.get(tab.windowId).catch(() => null);
    if (window && window.state !== "minimized" && window.focused) return true;
  }
  return false;
}

/** Tell every open page and the popup. Nobody need listen. */
export async function broadcast(snapshot: Snapshot): Promise<void> {
  const message: Broadcast = { type: "state", snapshot };
  const tabs = await siteTabs(snapshot.config);
  const told = tabs.flatMap(({ id }) => (id === undefined ? [] : [api.tabs.sendMessage(id, message)]));
  await Promise.allSettled([...told, api.runtime.sendMessage(message)]);
}

/** Bring a page of Jira to the front. */
export async function show(tabs: chrome.tabs.Tab[]): Promise<void> {
  const tab = tabs.find(({ active }) => active) ?? tabs[0];
  if (tab?.id === undefined) return;
  await api.tabs.update(tab.id, { active: true });
  await api.windows.update(tab.windowId, { focused: true });
}
