// The calculations of OAuth 2.0 authorization code with PKCE (RFC 6749, RFC 7636), without any browser interface.

import type { SignInAddresses } from "../shared/types.ts";

/** Return bytes as base64url without padding (RFC 7636, appendix A). */
export function base64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Return a new secret of 256 random bits. */
export function secret(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

/** Return the S256 challenge of a verifier. */
export async function challengeOf(verifier: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return base64url(new Uint8Array(digest));
}

/** Return the addresses if all are of the server itself: a token is never sent anywhere else. */
export function trusted(addresses: SignInAddresses | null, server: string): SignInAddresses | null {
  if (addresses === null) return null;
  const { authorization_endpoint, token_endpoint, revocation_endpoint } = addresses;
  const all = [authorization_endpoint, token_endpoint, revocation_endpoint];
  return all.every((address) => new URL(address).origin === server) ? addresses : null;
}

export interface Asking {
  /** Without a click no page may be shown: the server answers at once (OpenID Connect Core 3.1.2.1). */
  silent: boolean;
  state: string;
  challenge: string;
  redirect: string;
}

/** Return the address at which a person says yes. */
export function authorizationAddress(addresses: SignInAddresses, asking: Asking): string {
  const url = new URL(addresses.authorization_endpoint);
  url.searchParams.set("response_type", "code");
  url.searchParams.set("client_id", addresses.client_id);
  url.searchParams.set("redirect_uri", asking.redirect);
  url.searchParams.set("state", asking.state);
  url.searchParams.set("code_challenge", asking.challenge);
  url.searchParams.set("code_challenge_method", "S256");
  if (asking.silent) url.searchParams.set("prompt", "none");
  return url.href;
}

/** Return the code of the address that the browser came back to; throws when it is not the answer to our question. */
export function codeOf(answer: string, asking: Asking): string {
  const url = new URL(answer);
  if (url.origin + url.pathname !== asking.redirect) throw new Error("another address came back");
  if (url.searchParams.get("state") !== asking.state) throw new Error("another state came back");
  const code = url.searchParams.get("code");
  if (!code) throw new Error(url.searchParams.get("error") ?? "no code came back");
  return code;
}

export interface Granted {
  access: string;
  refresh: string | null;
  expiresAt: number | null;
}

/** Return the tokens of a token answer (RFC 6749, 5.1); null when it holds none. */
export function granted(answer: unknown, now: number): Granted | null {
  const given = (answer ?? {}) as Record<string, unknown>;
  if (typeof given["access_token"] !== "string" || !given["access_token"]) return null;
  const seconds = given["expires_in"];
  return {
    access: given["access_token"],
    refresh: typeof given["refresh_token"] === "string" ? given["refresh_token"] : null,
    expiresAt: typeof seconds === "number" ? now + seconds * 1000 : null,
  };
}
