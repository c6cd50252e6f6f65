// Calls to IUM's server. The token is the only proof of who the person is; cookies are never sent.

import { api, browserName } from "../shared/browser.ts";
import { backoff } from "../shared/state.ts";
import { accessToken, refresh, signedOut } from "./auth.ts";
import { settings } from "./settings.ts";
import { change, live } from "./store.ts";

const TIMEOUT = 15_000;

/** The server did not answer, or only that it cannot at the moment. */
export class ServerAway extends Error {}
/** The server answered that it does not do this; the message is its own, for people. */
export class ServerRefused extends Error {}
/** Nobody is signed in. */
export class SignedOut extends Error {}

export function version(): string {
  return `${api.runtime.getManifest().version} ${browserName()}`;
}

/** Call the API as the person who is signed in. Raises the three errors above. */
export async function call(method: string, path: string, body?: object): Promise<unknown> {
  const { server } = await settings();
  const token = await accessToken(server);
  if (!server || token === null) throw new SignedOut();
  let response = await send(server, method, path, token, body);
  if (response.status === 401) {
    const renewed = await refresh(server, token);
    if (renewed === null) throw new SignedOut();
    response = await send(server, method, path, renewed, body);
    if (response.status === 401) await signedOut(renewed);
  }
  return answer(response);
}

/** Ask what the server says to everybody. */
export async function callOpenly(server: string, path: string): Promise<unknown> {
  return answer(await send(server, "GET", path, null));
}

async function send(
  server: string,
  method: string,
  path: string,
  token: string | null,
  body?: object,
): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", "X-IUM-Extension": version() };
  if (token !== null) headers["Authorization"] = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    return await fetch(`${server}/api/v1/${path}`, {
      method,
      headers,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    await failed(0);
    throw new ServerAway(String(error));
  }
}

async function answer(response: Response): Promise<unknown> {
  if (response.status >= 500 || response.status === 429) {
    await failed(Number(response.headers.get("Retry-After")) || 0, response.status === 429);
    throw new ServerAway(`answer ${response.status}`);
  }
  if (response.status === 401) throw new SignedOut();
  const content: unknown = await response.json().catch(() => null);
  if (response.ok && content === null) {
    // Not IUM: the page of a proxy or of a hotel's network.
    await failed(0);
    throw new ServerAway("no JSON");
  }
  if ((await live()).away !== null) await change(() => ({ away: null }));
  if (response.ok) return content;
  const detail = (content as { detail?: unknown } | null)?.detail;
  throw new ServerRefused(typeof detail === "string" ? detail : `HTTP ${response.status}`);
}

/** Note that the server did not answer. Somebody who only asked too often is not told that it is away. */
async function failed(retryAfter: number, asksTooOften = false): Promise<void> {
  const now = Date.now();
  await change(({ away }) => {
    const failures = asksTooOften ? (away?.failures ?? 0) : (away?.failures ?? 0) + 1;
    const retryAt = Math.max(backoff(failures, now), now + Math.min(retryAfter, 300) * 1000);
    return { away: { since: away?.since ?? now, failures, retryAt } };
  });
}

/** Whether a call that nobody asked for would come too early after a failure. */
export async function isResting(now: number): Promise<boolean> {
  const { away } = await live();
  // A first failure is tried again soon; a clock that was set back does not stop tries for hours.
  return away !== null && now < away.retryAt && away.retryAt - now <= 300_000;
}

