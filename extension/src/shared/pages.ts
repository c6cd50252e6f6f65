// Which page belongs to which pool, and which page needs a slot. Rules come from the server (shared/config.ts).

import { webAddress } from "./config.ts";
import type { Pool, ServerConfig } from "./types.ts";

/** Whether a page needs a slot; "ask": the type of this project decides, and it is not known yet. */
export type Need = { need: "free" | "needed" } | { need: "ask"; project: string };

const CONFLUENCE = /^\/wiki(\/|$)/;
const SERVICE_MANAGEMENT = /^(\/jira)?\/servicedesk(\/|$)/;
// /browse/KEY-1, and a project's own pages that do not tell its type: /projects/KEY, /jira/…/projects/KEY
const ISSUE = /^\/browse\/([A-Za-z][A-Za-z0-9_]*)(?:-\d+)?\/?$/;
const PROJECT = /^\/projects\/([A-Za-z][A-Za-z0-9_]*)(?:\/|$)/;

function productOf(path: string): string {
  if (CONFLUENCE.test(path)) return "confluence";
  return SERVICE_MANAGEMENT.test(path) ? "jira-servicedesk" : "jira-software";
}

/** Return the pool whose site and product the page belongs to; for a product without one the pool of Jira. */
export function poolOf(address: string, config: ServerConfig): Pool | null {
  const url = new URL(address);
  const ofSite = config.pools.filter((pool) => new URL(pool.site_url).origin === url.origin);
  const ofProduct = ofSite.find((pool) => pool.product === productOf(url.pathname));
  return ofProduct ?? ofSite.find((pool) => pool.product === "jira-software") ?? ofSite[0] ?? null;
}

/** Tell whether the page needs a slot of the pool. `projects` are types seen in Jira ("origin KEY" -> type). */
export function needOf(
  address: string,
  pool: Pool,
  config: ServerConfig,
  projects: Record<string, string>,
): Need {
  const { origin, pathname } = new URL(address);
  // A pool of this very product overrules the general rule that the product is free.
  const product = productOf(pathname);
  if (product !== "jira-software" && product === pool.product) return { need: "needed" };
  if (config.free_paths.some((pattern) => new RegExp(pattern).test(pathname))) {
    return { need: "free" };
  }
  const key = projectKey(pathname);
  if (key === null) return { need: "needed" };
  const kind = config.project_types[key] ?? projects[projectName(origin, key)];
  if (kind === undefined) return { need: "ask", project: key };
  return { need: config.free_project_types.includes(kind) ? "free" : "needed" };
}

function projectKey(path: string): string | null {
  return (ISSUE.exec(path) ?? PROJECT.exec(path))?.[1]?.toUpperCase() ?? null;
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

const DEEPEST = 4;

/**
 * Return the page of a pool's site to which Atlassian's "request access" page wants to lead back; null if there is
 * none. The address may be wrapped in several `continue` parameters.
 */
export function wantedPage(address: string, config: ServerConfig): string | null {
  let current: string | null = webAddress(address);
  for (let depth = 0; current !== null && depth < DEEPEST; depth += 1) {
    if (poolOf(current, config) !== null) return current;
    const inner: string | null = new URL(current).searchParams.get("continue");
    current = webAddress(inner) ?? webAddress(unescaped(inner));
  }
  return null;
}

function unescaped(value: string | null): string | null {
  try {
    return value === null ? null : decodeURIComponent(value);
  } catch {
    return null;
  }
}
