// The server's configuration, checked field by field; what is missing or wrong is replaced by the built-in default.

import type { Pool, ServerConfig, SignInAddresses } from "./types.ts";

/** What holds until the server has said something else. */
export const DEFAULTS: ServerConfig = {
  pools: [],
  free_paths: [
    "^/jira/servicedesk(/|$)",
    "^/servicedesk(/|$)",
    "^/helpcenter(/|$)",
    "^/jira/polaris(/|$)",
    "^/jira/discovery(/|$)",
    "^/jira/assets(/|$)",
    "^/wiki(/|$)",
    "^/admin(/|$)",
    "^/jira/settings(/|$)",
    "^/secure/admin(/|$)",
  ],
  free_project_types: ["service_desk", "product_discovery"],
  project_paths: [
    "^/browse/([A-Za-z][A-Za-z0-9_]*)(-[0-9]+)?(/|$)",
    "^/projects/([A-Za-z][A-Za-z0-9_]*)(/|$)",
  ],
  access_request_urls: ["https://id.atlassian.com/join/user-access"],
  queue_url: "",
  help_url: "",
  activity_seconds: 30,
  config_seconds: 3600,
  minimum_extension_version: "",
  sign_in: null,
};

const LEAST_ACTIVITY_SECONDS = 5;
const MOST_ACTIVITY_SECONDS = 300;
const LEAST_CONFIG_SECONDS = 60;
const MOST_CONFIG_SECONDS = 86_400;

type Given = Record<string, unknown>;

/** Return the configuration that the server's answer describes. Never throws. */
export function readConfig(answer: unknown): ServerConfig {
  const given: Given = isObject(answer) ? answer : {};
  return {
    pools: Array.isArray(given["pools"]) ? given["pools"].filter(isObject).flatMap(readPool) : [],
    free_paths: patterns(given["free_paths"]) ?? DEFAULTS.free_paths,
    free_project_types: texts(given["free_project_types"]) ?? DEFAULTS.free_project_types,
    project_paths: patterns(given["project_paths"]) ?? DEFAULTS.project_paths,
    access_request_urls: texts(given["access_request_urls"]) ?? DEFAULTS.access_request_urls,
    queue_url: webAddress(given["queue_url"]) ?? "",
    help_url: webAddress(given["help_url"]) ?? "",
    activity_seconds: within(
      given["activity_seconds"], LEAST_ACTIVITY_SECONDS, MOST_ACTIVITY_SECONDS, DEFAULTS.activity_seconds,
    ),
    config_seconds: within(
      given["config_seconds"], LEAST_CONFIG_SECONDS, MOST_CONFIG_SECONDS, DEFAULTS.config_seconds,
    ),
    minimum_extension_version: readVersion(given["minimum_extension_version"]),
    sign_in: readSignIn(given["sign_in"]),
  };
}

function readPool(given: Given): Pool[] {
  const site = webAddress(given["site_url"]);
  if (typeof given["key"] !== "string" || site === null) return [];
  return [
    {
      key: given["key"],
      name: typeof given["name"] === "string" ? given["name"] : given["key"],
      product: typeof given["product"] === "string" ? given["product"] : "jira-software",
      site_url: site,
      warning_seconds: within(given["warning_seconds"], 10, 3600, 60),
      needed_paths: patterns(given["needed_paths"]),
      free_paths: patterns(given["free_paths"]),
      free_projects: texts(given["free_projects"]) ?? [],
    },
  ];
}

function readSignIn(given: unknown): SignInAddresses | null {
  if (!isObject(given)) return null;
  const authorization_endpoint = webAddress(given["authorization_endpoint"]);
  const token_endpoint = webAddress(given["token_endpoint"]);
  const revocation_endpoint = webAddress(given["revocation_endpoint"]);
  const client_id = given["client_id"];
  if (!authorization_endpoint || !token_endpoint || !revocation_endpoint) return null;
  if (typeof client_id !== "string" || !client_id) return null;
  return { authorization_endpoint, token_endpoint, revocation_endpoint, client_id };
}

function readVersion(given: unknown): string {
  return typeof given === "string" && /^\d+(\.\d+){0,3}$/.test(given) ? given : "";
}

/** Whether a version is older than another: "1.9" is older than "1.10", and as old as "1.9.0". */
export function isOlder(version: string, than: string): boolean {
  const [own, other] = [version, than].map((text) => text.split(".").map(Number));
  for (let place = 0; place < 4; place += 1) {
    const difference = (own?.[place] ?? 0) - (other?.[place] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function within(given: unknown, least: number, most: number, otherwise: number): number {
  if (typeof given !== "number" || !Number.isFinite(given)) return otherwise;
  return Math.min(most, Math.max(least, given));
}

function patterns(given: unknown): string[] | null {
  return texts(given)?.filter(isPattern) ?? null;
}

function texts(given: unknown): string[] | null {
  return Array.isArray(given) ? given.filter((item) => typeof item === "string") : null;
}

function isPattern(pattern: string): boolean {
  try {
    return Boolean(new RegExp(pattern));
  } catch {
    return false;
  }
}

function isObject(value: unknown): value is Given {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Return a web address in its normal form; null for anything else. */
export function webAddress(given: unknown): string | null {
  if (typeof given !== "string" || !URL.canParse(given)) return null;
  const url = new URL(given);
  return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
}

/** Return the origin of IUM's server that a person or a policy wrote; null when it is no such address. */
export function serverOrigin(given: unknown): string | null {
  if (typeof given !== "string" || !given.trim()) return null;
  const written = given.trim();
  const address = webAddress(written.includes("://") ? written : `https://${written}`);
  return address === null ? null : new URL(address).origin;
}
