// What the server answers, and what the parts of the extension tell each other.

export type SlotState =
  | "none"
  | "queued"
  | "granting"
  | "active"
  | "revoking"
  | "locked"
  | "not_managed";

/** The state document: the answer of every slot call (docs/openapi.yaml, SlotDocument). */
export interface SlotDocument {
  pool: string | null;
  state: SlotState;
  reason: string;
  message: string;
  position: number | null;
  waiting: number;
  eta_seconds: [number, number] | null;
  retry_after: number;
  warned_at: string | null;
  revoke_at: string | null;
  redirect_url: string | null;
  server_time: string;
  automatic: boolean;
}

export interface Pool {
  key: string;
  name: string;
  product: string;
  site_url: string;
  warning_seconds: number;
  /** Paths that need a slot of this pool, and those that need none; null: the general rules. */
  needed_paths: string[] | null;
  free_paths: string[] | null;
  /** Keys of projects that need none. */
  free_projects: string[];
}

/** Addresses of the server's OAuth 2.0 part. */
export interface SignInAddresses {
  authorization_endpoint: string;
  token_endpoint: string;
  revocation_endpoint: string;
  client_id: string;
}

/** What the server says about itself (GET /api/v1/config). */
export interface ServerConfig {
  pools: Pool[];
  free_paths: string[];
  free_project_types: string[];
  /** Paths that name a project; the first group is its key. */
  project_paths: string[];
  /** Beginnings of the addresses where people are told to request access. */
  access_request_urls: string[];
  queue_url: string;
  help_url: string;
  activity_seconds: number;
  /** How often to ask for this document. */
  config_seconds: number;
  /** Older versions are asked to be updated; empty: every version will do. */
  minimum_extension_version: string;
  sign_in: SignInAddresses | null;
}

/** One person's state in one pool, as the worker keeps it. Times are of this computer's clock, in milliseconds. */
export interface PoolState {
  document: SlotDocument | null;
  receivedAt: number;
  /** The server's clock minus this computer's. */
  clockOffset: number;
  /** When the server wants to be asked again. */
  nextAskAt: number;
  /** The last moment of activity, and the one that the server has confirmed. */
  activeAt: number;
  confirmedAt: number;
  /** When activity was last sent: not more often than the server wants. */
  sentAt: number;
  /** The part of Jira in which that activity was. */
  page: string;
  /** The person left the queue or handed the slot back: nothing starts by itself. */
  left: boolean;
}

/** The server does not answer: since when, how often in a row, and when to try again. */
export interface Away {
  since: number;
  failures: number;
  retryAt: number;
}

/** Everything that pages and popup show. Holds no secret. */
export interface Snapshot {
  version: string;
  server: string;
  signedIn: boolean;
  away: Away | null;
  /** What the server refused last, in its own words. */
  problem: string;
  config: ServerConfig;
  pools: Record<string, PoolState>;
  /** "origin KEY" -> projectTypeKey, as seen in Jira. */
  projects: Record<string, string>;
}

export type Act = "reconnect" | "release" | "keep";

/** Messages to the worker. All are answered with a Snapshot, "denied" with a Detour. */
export type Message =
  | { type: "snapshot" }
  | { type: "look"; pool: string; wanted: string | null; fresh?: boolean }
  | { type: "activity"; pool: string; page: string; sure: boolean }
  | { type: "act"; act: Act; pool: string; wanted: string | null }
  | { type: "project"; name: string; kind: string }
  | { type: "denied"; address: string }
  | { type: "marker" }
  | { type: "signIn" }
  | { type: "signOut" };

/** Where Atlassian's "request access" page leads: on by itself, offered as a link, or nowhere. */
export interface Detour {
  go: string | null;
  offer: string | null;
}

/** What the worker tells pages and popup. */
export interface Broadcast {
  type: "state";
  snapshot: Snapshot;
}
