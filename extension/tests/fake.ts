// A small browser by hand: storage, messages, alarms, identity. Only what the worker uses.

type Area = Record<string, unknown>;
type Listener = (...given: never[]) => unknown;

class Event {
  listeners: Listener[] = [];
  addListener(listener: Listener): void {
    this.listeners.push(listener);
  }
  async emit(...given: unknown[]): Promise<void> {
    for (const listener of this.listeners) await (listener as (...all: unknown[]) => unknown)(...given);
  }
}

function area(kept: Area, changed?: (changes: Area) => void) {
  return {
    async get(name?: string): Promise<Area> {
      const found = name === undefined ? kept : name in kept ? { [name]: kept[name] } : {};
      return structuredClone(found);
    },
    async set(values: Area): Promise<void> {
      Object.assign(kept, structuredClone(values));
      changed?.(values);
    },
    async remove(name: string): Promise<void> {
      delete kept[name];
    },
  };
}

export interface Call {
  method: string;
  url: string;
  body: unknown;
  headers: Record<string, string>;
}

export type Reply = { status?: number; json?: unknown; headers?: Record<string, string> } | "lost";

let current: object = {};
const seen = new Proxy({}, { get: (_, name) => Reflect.get(current, name) as unknown });

/** The browser and the server that a test sees. */
export class Browser {
  local: Area = {};
  session: Area = {};
  managed: Area | null = null;
  calls: Call[] = [];
  badge = "";
  tabs: { id: number; url: string; active: boolean; windowId: number }[] = [];
  told: unknown[] = [];
  notices: string[] = [];
  alarms: Record<string, unknown> = {};
  idle = "active";
  flow: (url: string, interactive: boolean) => string = () => {
    throw new Error("User interaction required.");
  };
  onMessage = new Event();
  onAlarm = new Event();
  reply: (call: Call) => Reply = () => "lost";

  /** Put this browser where the extension looks for it: modules that were loaded before see this one, too. */
  install(): void {
    current = this.#interface();
    Object.assign(globalThis, { chrome: seen, fetch: this.#fetch });
  }

  /** Send a message as a page of the extension would. */
  send(message: unknown, url = "https://acme.atlassian.net/browse/DEMO-1"): Promise<unknown> {
    return new Promise((resolve) => {
      void this.onMessage.emit(message, { id: "ium", url }, resolve);
    });
  }

  #fetch = async (url: string, given: RequestInit = {}): Promise<Response> => {
    const text = typeof given.body === "string" ? JSON.parse(given.body) : given.body ? Object.fromEntries(given.body as URLSearchParams) : null;
    const call: Call = {
      method: given.method ?? "GET",
      url,
      body: text,
      headers: (given.headers ?? {}) as Record<string, string>,
    };
    this.calls.push(call);
    const reply = this.reply(call);
    if (reply === "lost") throw new TypeError("Failed to fetch");
    const { status = 200, json = {}, headers = {} } = reply;
    return new Response(JSON.stringify(json), { status, headers });
  };

  #interface(): object {
    const never = new Event();
    return {
      runtime: {
        id: "ium",
        getManifest: () => ({ version: "1.0.0" }),
        getURL: (path: string) => path,
        sendMessage: async () => undefined,
        onMessage: this.onMessage,
        onInstalled: never,
        onStartup: never,
      },
      i18n: { getMessage: (name: string) => name },
      storage: {
        local: area(this.local),
        session: area(this.session),
        managed: {
          get: async () => {
            if (this.managed === null) throw new Error("Managed storage manifest not found");
            return this.managed;
          },
        },
        onChanged: new Event(),
      },
      alarms: {
        onAlarm: this.onAlarm,
        get: async (name: string) => this.alarms[name],
        create: async (name: string, what: unknown) => void (this.alarms[name] = what),
      },
      action: {
        setBadgeText: async ({ text }: { text: string }) => void (this.badge = text),
        setBadgeBackgroundColor: async () => undefined,
        setBadgeTextColor: async () => undefined,
        setTitle: async () => undefined,
      },
      tabs: {
        query: async () => this.tabs,
        sendMessage: async (_: number, message: unknown) => void this.told.push(message),
        update: async () => undefined,
      },
      windows: { get: async () => ({ state: "normal", focused: true }), update: async () => undefined },
      notifications: {
        onClicked: never,
        create: async (id: string) => void this.notices.push(id),
        clear: async () => void (this.notices = []),
      },
      permissions: { contains: async () => false, onAdded: never, onRemoved: never },
      scripting: { getRegisteredContentScripts: async () => [], executeScript: async () => [] },
      idle: { queryState: async () => this.idle },
      identity: {
        getRedirectURL: (path: string) => `https://ium.chromiumapp.org/${path}`,
        launchWebAuthFlow: async ({ url, interactive }: { url: string; interactive: boolean }) =>
          this.flow(url, interactive),
      },
    };
  }
}

/** A state document as the server gives it. */
export function document(given: object = {}): Record<string, unknown> {
  return {
    pool: "jira",
    state: "active",
    reason: "active",
    message: "You have a Jira slot.",
    position: null,
    waiting: 0,
    eta_seconds: null,
    retry_after: 30,
    warned_at: null,
    revoke_at: null,
    redirect_url: null,
    server_time: new Date().toISOString(),
    automatic: false,
    joined_at: null,
    ...given,
  };
}

/** The server's configuration with one pool. */
export const CONFIG = {
  pools: [
    { key: "jira", name: "Jira", product: "jira-software", site_url: "https://acme.atlassian.net", warning_seconds: 60 },
  ],
  free_paths: ["^/jira/servicedesk(/|$)", "^/wiki(/|$)"],
  free_project_types: ["service_desk"],
  queue_url: "https://ium.example.com/queue/",
  help_url: "https://ium.example.com/help/",
  activity_seconds: 30,
  sign_in: {
    authorization_endpoint: "https://ium.example.com/authorize",
    token_endpoint: "https://ium.example.com/token",
    revocation_endpoint: "https://ium.example.com/revoke",
    client_id: "ium-extension",
  },
};
