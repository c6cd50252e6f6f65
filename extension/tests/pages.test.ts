import assert from "node:assert/strict";
import { test } from "node:test";

import { DEFAULTS, isOlder, readConfig, serverOrigin } from "../src/shared/config.ts";
import { areaOf, needOf, poolOf, wantedPage } from "../src/shared/pages.ts";
import { CONFIG } from "./fake.ts";

const SITE = "https://acme.atlassian.net";
const config = readConfig({ ...CONFIG, free_paths: undefined, free_project_types: undefined });
const pool = config.pools[0]!;
const need = (path: string, projects = {}) => needOf(SITE + path, pool, config, projects).need;

test("pages of other products and administration need no slot, by the built-in rules", () => {
  for (const path of [
    "/jira/servicedesk/projects/SUP/queues/custom/1",
    "/servicedesk/customer/portal/1/SUP-1",
    "/helpcenter/acme",
    "/jira/polaris/projects/IDEA/ideas/view/1",
    "/jira/assets/object-schema/1",
    "/wiki/home",
    "/wiki",
    "/jira/settings/system/general-configuration",
    "/secure/admin/ViewApplicationProperties.jspa",
  ]) {
    assert.equal(need(path), "free", path);
  }
});

test("pages of Jira itself need a slot, also those that only begin alike", () => {
  for (const path of [
    "/jira/software/projects/DEMO/boards/1",
    "/jira/for-you",
    "/issues/?jql=project=DEMO",
    "/jira/servicedeskish",
    "/wikipedia",
    "/",
  ]) {
    assert.equal(need(path), "needed", path);
  }
});

test("an issue's project decides, and is free only when that is certain", () => {
  const known = { [`${SITE} SUP`]: "service_desk", [`${SITE} DEMO`]: "software" };
  assert.equal(need("/browse/SUP-1"), "ask");
  assert.equal(need("/browse/SUP-1", known), "free");
  assert.equal(need("/browse/sup-1", known), "free");
  assert.equal(need("/browse/DEMO-1", known), "needed");
  assert.equal(need("/browse/SUP-1", { "https://other.atlassian.net SUP": "service_desk" }), "ask");
});

test("the server's own list of projects comes first, its rules for a pool before the general ones", () => {
  const told = { ...pool, free_projects: ["SUP"], free_paths: ["^/x(/|$)"], needed_paths: ["^/(browse|x|y)"] };
  const found = (path: string) => needOf(SITE + path, told, { ...config, pools: [told] }, {}).need;
  assert.deepEqual(["/browse/SUP-1", "/x", "/y", "/wiki"].map(found), ["free", "free", "needed", "free"]);
});

test("a pool of Confluence makes its pages need a slot of that pool", () => {
  const wiki = { ...pool, key: "wiki", product: "confluence" };
  const both = { ...config, pools: [pool, wiki] };
  const found = poolOf(`${SITE}/wiki/home`, both);
  assert.equal(found?.key, "wiki");
  assert.equal(needOf(`${SITE}/wiki/home`, wiki, both, {}).need, "needed");
  assert.equal(poolOf(`${SITE}/browse/DEMO-1`, both)?.key, "jira");
});

test("a page of another site belongs to no pool, also with a name that looks alike", () => {
  for (const address of [
    "https://other.atlassian.net/browse/DEMO-1",
    "https://acme.atlassian.net.example.com/browse/DEMO-1",
    "http://acme.atlassian.net/browse/DEMO-1",
    "https://acme.atlassian.net:8443/browse/DEMO-1",
  ]) {
    assert.equal(poolOf(address, config), null, address);
  }
});

test("reports tell the part of Jira and never the issue", () => {
  assert.equal(areaOf(`${SITE}/browse/SECRET-1?focused=2#c`), `${SITE}/browse`);
  assert.equal(areaOf(`${SITE}/jira/software/projects/SECRET/boards/1`), `${SITE}/jira/software`);
  assert.equal(areaOf(`${SITE}/`), `${SITE}/`);
});

test("the way back is found in the address of the request access page, however deep it is wrapped", () => {
  const wanted = `${SITE}/browse/DEMO-7?focusedCommentId=1`;
  const once = `https://id.atlassian.com/join/user-access?resource=ari&continue=${encodeURIComponent(wanted)}`;
  const twice = `https://id.atlassian.com/login?continue=${encodeURIComponent(once)}`;
  const encoded = `https://id.atlassian.com/join/user-access?continue=${encodeURIComponent(encodeURIComponent(wanted))}`;
  assert.equal(wantedPage(once, config), wanted);
  assert.equal(wantedPage(twice, config), wanted);
  assert.equal(wantedPage(encoded, config), wanted);
});

test("the way back never leads to a site that has no pool", () => {
  for (const target of ["https://evil.example.com/", "javascript:alert(1)", "//evil.example.com", "%", ""]) {
    const address = `https://id.atlassian.com/join/user-access?continue=${encodeURIComponent(target)}`;
    assert.equal(wantedPage(address, config), null, target);
  }
});

test("a broken answer of the server leaves the built-in rules", () => {
  for (const answer of [null, 7, "x", [], {}, { free_paths: 3, pools: "no", activity_seconds: "often" }]) {
    assert.deepEqual(readConfig(answer), { ...DEFAULTS }, JSON.stringify(answer));
  }
});

test("of a configuration only what is right is taken", () => {
  const read = readConfig({
    free_paths: ["^/ok", "((", 4],
    activity_seconds: 0,
    queue_url: "javascript:alert(1)",
    help_url: "javascript:alert(1)",
    pools: [{ key: "a", site_url: "ftp://x" }, { key: 1 }, { key: "b", site_url: SITE }],
    sign_in: { authorization_endpoint: "https://a/", token_endpoint: "https://a/" },
  });
  assert.deepEqual(read.free_paths, ["^/ok"]);
  assert.equal(read.activity_seconds, 5);
  assert.equal(read.queue_url, "");
  assert.equal(read.help_url, "");
  assert.deepEqual(read.pools.map(({ key }) => key), ["b"]);
  assert.equal(read.sign_in, null);
});

test("versions are compared by their numbers", () => {
  assert.equal(isOlder("1.9", "1.10"), true);
  assert.equal(isOlder("1.10", "1.9"), false);
  assert.equal(isOlder("1.0", "1.0.0"), false);
  assert.equal(isOlder("1.0.0", ""), false);
});

test("a server's address is brought into one form, and what is none is refused", () => {
  assert.equal(serverOrigin(" https://ium.example.com/queue/ "), "https://ium.example.com");
  assert.equal(serverOrigin("ium.example.com"), "https://ium.example.com");
  assert.equal(serverOrigin("http://127.0.0.1:8000"), "http://127.0.0.1:8000");
  for (const wrong of ["", "ftp://x", "javascript://alert(1)", "http://", 5, null]) {
    assert.equal(serverOrigin(wrong), null, String(wrong));
  }
});
