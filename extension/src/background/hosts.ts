// Pages beyond *.atlassian.net, where the person allowed it: IUM's own pages, so that they can tell that the extension
// is there, and sites with a name of their own (custom domains, the simulated Jira of the demo).

import { api } from "../shared/browser.ts";
import type { Snapshot } from "../shared/types.ts";
import { patternOf, sitePatterns } from "./tabs.ts";

const ATLASSIAN = ".atlassian.net/*";

/** The hosts that the extension would like to be allowed: IUM's server first. */
export function wishedHosts(snapshot: Pick<Snapshot, "server" | "config">): string[] {
  const sites = sitePatterns(snapshot.config).filter((pattern) => !pattern.endsWith(ATLASSIAN));
  return [...new Set([...(snapshot.server ? [patternOf(snapshot.server)] : []), ...sites])];
}

async function allowed(patterns: string[]): Promise<string[]> {
  const answers = await Promise.all(
    patterns.map((pattern) => api.permissions.contains({ origins: [pattern] })),
  );
  return patterns.filter((_, index) => answers[index]);
}

/** Register the scripts of allowed hosts, and take away those of hosts that are no longer wished or allowed. */
export async function registerPages(snapshot: Snapshot): Promise<void> {
  const server = snapshot.server ? [patternOf(snapshot.server)] : [];
  const wished = wishedHosts(snapshot);
  const sites = sitePatterns(snapshot.config).filter((pattern) => wished.includes(pattern));
  await register("ium-pages", "marker.js", await allowed(server));
  await register("ium-sites", "content.js", await allowed(sites.filter(isForeign)));
}

function isForeign(pattern: string): boolean {
  return !pattern.endsWith(ATLASSIAN);
}

async function register(id: string, file: string, matches: string[]): Promise<void> {
  const [before] = await api.scripting.getRegisteredContentScripts({ ids: [id] });
  if (JSON.stringify(before?.matches ?? []) === JSON.stringify(matches)) return;
  if (before) await api.scripting.unregisterContentScripts({ ids: [id] });
  if (!matches.length) return;
  await api.scripting.registerContentScripts([{ id, js: [file], matches, runAt: "document_start" }]);
  await inject(file, matches);
}

/** Run a script in pages that are open already. */
export async function inject(file: string, patterns: string[]): Promise<void> {
  if (!patterns.length) return;
  const tabs = await api.tabs.query({ url: patterns });
  const done = tabs.flatMap(({ id }) =>
    id === undefined ? [] : [api.scripting.executeScript({ target: { tabId: id }, files: [file] })],
  );
  await Promise.allSettled(done);
}
