// Who the person is: sign-in through the server's own pages, tokens of this device, and their renewal.

import { api } from "../shared/browser.ts";
import { Line } from "./line.ts";
import {
  authorizationAddress,
  challengeOf,
  codeOf,
  granted,
  secret,
  trusted,
  type Asking,
  type Granted,
} from "./oauth.ts";
import { change, config, forgetPerson, live, setToken, token } from "./store.ts";

const TIMEOUT = 15_000;
const EARLY = 60_000; // renew so long before the end
const SILENT_EVERY = 10 * 60_000;

/** One renewal at a time: a refresh token can be used once. */
const renewals = new Line();
let signingIn: Promise<boolean> | null = null;

/** Return the token to call with, renewed when it is about to end; null when nobody is signed in. */
export async function accessToken(server: string): Promise<string | null> {
  const kept = await token();
  if (kept === null) return null;
  const ends = kept.expiresAt !== null && kept.expiresAt - EARLY < Date.now();
  if (!ends || kept.refresh === null) return kept.access;
  return refresh(server, kept.access);
}

/**
 * Return a new access token instead of one that is no longer good; null when there is none.
 *
 * Only a refusal signs out. While the server is away the old token stays: it is not known to be bad.
 */
export function refresh(server: string, used: string): Promise<string | null> {
  return renewals.run(async () => {
    const kept = await token();
    if (kept === null) return null;
    if (kept.access !== used) return kept.access; // somebody else has just renewed it
    const addresses = trusted((await config(server)).sign_in, server);
    if (kept.refresh === null || addresses === null) {
      await signedOut(used);
      return null;
    }
    const body = { grant_type: "refresh_token", refresh_token: kept.refresh, client_id: addresses.client_id };
    const answer = await post(addresses.token_endpoint, body);
    if (answer === "away") return used;
    const fresh = answer === null ? null : granted(answer, Date.now());
    if (fresh === null) {
      await signedOut(used);
      return null;
    }
    await setToken({ ...fresh, refresh: fresh.refresh ?? kept.refresh });
    return fresh.access;
  });
}

/** Forget a token that the server refused, unless it was replaced meanwhile. */
export async function signedOut(used: string): Promise<void> {
  if ((await token())?.access !== used) return;
  await setToken(null);
  await forgetPerson();
}

/** Sign in; with a click the server's page is shown. Answers whether somebody is signed in now. */
export function signIn(server: string, interactive: boolean): Promise<boolean> {
  signingIn ??= attempt(server, interactive).finally(() => {
    signingIn = null;
  });
  return signingIn;
}

async function attempt(server: string, interactive: boolean): Promise<boolean> {
  const addresses = trusted((await config(server)).sign_in, server);
  if (addresses === null) return false;
  const silently = await flow(addresses, false).catch(() => null);
  const tokens = silently ?? (interactive ? await flow(addresses, true).catch(noted) : null);
  if (!tokens) return false;
  await forgetPerson();
  await setToken(tokens);
  await api.storage.local.remove("signedOutByPerson");
  return true;
}

/** Somebody who closes the window has not failed; anything else is told. */
function noted(error: unknown): null {
  console.warn("IUM sign-in:", error instanceof Error ? error.message : error);
  return null;
}

async function flow(
  addresses: NonNullable<ReturnType<typeof trusted>>,
  interactive: boolean,
): Promise<Granted | null> {
  const verifier = secret();
  const asking: Asking = {
    silent: !interactive,
    state: secret(),
    challenge: await challengeOf(verifier),
    redirect: api.identity.getRedirectURL("cb"),
  };
  const url = authorizationAddress(addresses, asking);
  const answer = await api.identity.launchWebAuthFlow({ url, interactive });
  if (!answer) return null;
  const body = {
    grant_type: "authorization_code",
    code: codeOf(answer, asking),
    redirect_uri: asking.redirect,
    client_id: addresses.client_id,
    code_verifier: verifier,
  };
  const tokens = await post(addresses.token_endpoint, body);
  return tokens === "away" ? null : granted(tokens, Date.now());
}

/** Sign in without showing anything, where that is wanted and was not just tried. */
export async function signInSilently(server: string): Promise<boolean> {
  const { signedOutByPerson } = await api.storage.local.get("signedOutByPerson");
  const now = Date.now();
  const { silentTriedAt } = await live();
  if (signedOutByPerson || Math.abs(now - silentTriedAt) < SILENT_EVERY) return false;
  await change(() => ({ silentTriedAt: now }));
  return signIn(server, false);
}

/** Sign out here, and tell the server that the tokens of this device are over. */
export async function signOut(server: string): Promise<void> {
  const kept = await token();
  await setToken(null);
  await api.storage.local.set({ signedOutByPerson: true });
  await forgetPerson();
  const addresses = trusted((await config(server)).sign_in, server);
  if (kept === null || addresses === null) return;
  const body = { token: kept.refresh ?? kept.access, client_id: addresses.client_id };
  await post(addresses.revocation_endpoint, body);
}

/** Post a form; answers the JSON object, null for a refusal, "away" when the server cannot answer. */
async function post(address: string, form: Record<string, string>): Promise<object | "away" | null> {
  try {
    const response = await fetch(address, {
      method: "POST",
      body: new URLSearchParams(form),
      headers: { Accept: "application/json" },
      credentials: "omit",
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT),
    });
    if (response.status >= 500 || response.status === 429) return "away";
    const content: unknown = await response.json().catch(() => null);
    return response.ok && typeof content === "object" ? content : null;
  } catch {
    return "away";
  }
}
