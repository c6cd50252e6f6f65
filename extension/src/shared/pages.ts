// Which page belongs to which pool, and which page needs a slot. Rules come from the server (shared/config.ts).

import { webAddress } from "./config.ts";
import type { Pool, ServerConfig } from "./types.ts";

/** Whether a page needs a slot; "ask": the type of this project decides, and it is not known yet. */
export type Need = { need: "free" | "needed" } | { need: "ask"; project: string };

const JIRA = "jira-software";
// What needs a slot of a pool of this product, unless the server says it for each pool.
const NEEDED: Record<string, string[]> = {
  confluence: ["^/wiki(/|$)"],
  "jira-servicedesk": ["^/jira/servicedesk(/|$)"],
};

function fits(path: string, patterns: string[]): boolean {
  return patterns.some((pattern) => new RegExp(pattern).test(path));
}

/** Whether a path can need a slot of the pool, before anything is known of its project. */
function concerns(path: string, pool: Pool, config: ServerConfig): boolean {
  const needed = pool.needed_paths ?? NEEDED[pool.product] ?? ["^/"];
  const free = pool.free_paths ?? (pool.product === JIRA ? config.free_paths : []);
  return fits(path, needed) && !fits(path, free);
}

/** Return the pool of the page: the one of its site that it needs a slot of; for other pages the site's first. */
export function poolOf(address: string, config: ServerConfig): Pool | null {
  const { origin, pathname } = new URL(address);
  const ofSite = config.pools.filter((pool) => new URL(pool.site_url).origin === origin);
  return ofSite.find((pool) => concerns(pathname, pool, config)) ?? ofSite[0] ?? null;
}

/** Tell whether the page needs a slot of the pool. `projects` are types seen in Jira ("origin KEY" -> type). */
export function needOf(
  address: string,
  pool: Pool,
  config: ServerConfig,
  projects: Record<string, string>,
): Need {
  const { origin, pathname } = new URL(address);
  if (!concerns(pathname, pool, config)) return { need: "free" };
  const key = pool.product === JIRA ? projectKey(pathname, config) : null;
  if (key === null) return { need: "needed" };
  if (pool.free_projects.includes(key)) return { need: "free" };
  const kind = projects[projectName(origin, key)];
  if (kind === undefined) return { need: "ask", project: key };
  return { need: config.free_project_types.includes(kind) ? "free" : "needed" };
}

function projectKey(path: string, config: ServerConfig): string | null {
  const found = config.project_paths.map((pattern) => new RegExp(pattern, "i").exec(path)?.[1]);
  return found.find(Boolean)?.toUpperCase() ?? null;
}

/** The name under which a project's type is remembered. */
export function projectName(origin: string, key: string): string {
  return `${origin} ${key}`;
}

/** The part of Jira that an address belongs to: never which issue, board or search it is. */
export function areaOf(address: string): string {
  const { origin, pathname } = new URL(address);
  const parts = pathname.split("/").filter(Boolean);
  const kept = parts.slice(0, parts[0] === "jira" ? 2 : 1);
  return `${origin}/${kept.join("/")}`;
}

/** Whether this is a page where people without a licence are told to request access. */
export function isAccessRequest(address: string, config: ServerConfig): boolean {
  return config.access_request_urls.some((beginning) => address.startsWith(beginning));
}

const DEEPEST = 4;

/**
 * Return the page of a pool's site to which Atlassian's "request access" page wants to lead back; null if there is
 * none. The address may be wrapped in several `continue` parameters.
 */
export function wantedPage(address: string, config: ServerConfig): string | null {
  const request = (page: string) => isAccessRequest(page, config);
  return unwrapped(address).find((page) => poolOf(page, config) !== null && !request(page)) ?? null;
}

/** Return the page of Jira Cloud that is meant, while it is not known which sites have pools. */
export function wantedSomewhere(address: string): string | null {
  return unwrapped(address).find((page) => JIRA_CLOUD.test(new URL(page).origin)) ?? null;
}

const JIRA_CLOUD = /^https:\/\/[a-z0-9-]+\.atlassian\.net$/;

/** Return the address and those that are wrapped in it. */
function unwrapped(address: string): string[] {
  const found: string[] = [];
  let current: string | null = webAddress(address);
  while (current !== null && found.length < DEEPEST) {
    found.push(current);
    const inner: string | null = new URL(current).searchParams.get("continue");
    current = webAddress(inner) ?? webAddress(unescaped(inner));
  }
  return found;
}

function unescaped(value: string | null): string | null {
  try {
    return value === null ? null : decodeURIComponent(value);
  } catch {
    return null;
  }
}
