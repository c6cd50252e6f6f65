import assert from "node:assert/strict";
import { test } from "node:test";

import { authorizationAddress, challengeOf, codeOf, granted, secret, trusted } from "../src/background/oauth.ts";
import { CONFIG } from "./fake.ts";

const SERVER = "https://ium.example.com";
const asking = { silent: false, state: "s", challenge: "c", redirect: "https://ium.chromiumapp.org/cb" };

test("the challenge is the one of RFC 7636, appendix B", async () => {
  const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  assert.equal(await challengeOf(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
});

test("secrets have 256 bits and differ", () => {
  assert.match(secret(), /^[A-Za-z0-9_-]{43}$/);
  assert.notEqual(secret(), secret());
});

test("the question says who asks, where to answer, and proves nothing yet", () => {
  const { searchParams } = new URL(authorizationAddress(CONFIG.sign_in, asking));
  assert.deepEqual(Object.fromEntries(searchParams), {
    response_type: "code",
    client_id: "ium-extension",
    redirect_uri: asking.redirect,
    state: "s",
    code_challenge: "c",
    code_challenge_method: "S256",
  });
});

test("without a click the server is told to show nothing", () => {
  const address = authorizationAddress(CONFIG.sign_in, { ...asking, silent: true });
  assert.equal(new URL(address).searchParams.get("prompt"), "none");
});

test("a code is taken only from the answer to this very question", () => {
  const at = (query: string, base = asking.redirect) => () => codeOf(`${base}?${query}`, asking);
  assert.equal(at("code=x&state=s")(), "x");
  assert.throws(at("code=x&state=other"), /state/);
  assert.throws(at("code=x"), /state/);
  assert.throws(at("error=access_denied&state=s"), /access_denied/);
  assert.throws(at("code=x&state=s", "https://evil.example.com/cb"), /address/);
});

test("addresses of another server are not trusted with a token", () => {
  assert.equal(trusted(CONFIG.sign_in, SERVER), CONFIG.sign_in);
  for (const name of ["authorization_endpoint", "token_endpoint", "revocation_endpoint"]) {
    assert.equal(trusted({ ...CONFIG.sign_in, [name]: "https://evil.example.com/" }, SERVER), null, name);
  }
});

test("an answer without a token is none", () => {
  assert.equal(granted({ error: "invalid_grant" }, 0), null);
  assert.equal(granted(null, 0), null);
  assert.deepEqual(granted({ access_token: "a", expires_in: 60, refresh_token: "r" }, 1000), {
    access: "a",
    refresh: "r",
    expiresAt: 61_000,
  });
});
