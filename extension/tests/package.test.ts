// What is shipped: manifests, texts, zips, policies.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";

const { manifest, FIREFOX_ID } = await import("../scripts/manifest.mjs" as string);
const { zip } = await import("../scripts/zip.mjs" as string);
const at = (path: string) => new URL(`../${path}`, import.meta.url);
const json = async (path: string) => JSON.parse(await readFile(at(path), "utf8"));

async function sources(folder: string): Promise<string> {
  const entries = await readdir(at(folder), { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = files.map(({ parentPath, name }) => readFile(`${parentPath}/${name}`, "utf8"));
  return (await Promise.all(texts)).join("\n");
}

test("permissions are exactly the ones that the README explains", async () => {
  const readme = await readFile(at("README.md"), "utf8");
  const { permissions, host_permissions, optional_host_permissions, content_scripts } = manifest("chrome", "1");
  for (const name of [...permissions, ...host_permissions, ...optional_host_permissions, content_scripts[1].matches[0]]) {
    assert.ok(readme.includes(`\`${name}\``), `README does not explain ${name}`);
  }
  assert.deepEqual(permissions, ["alarms", "idle", "identity", "notifications", "scripting", "storage"]);
});

test("stores get no key, other builds for Chrome do", () => {
  assert.ok(manifest("chrome", "1").key);
  assert.equal(manifest("chrome", "1", { store: true }).key, undefined);
  assert.equal(manifest("firefox", "1").key, undefined);
});

test("both languages have the same texts with the same places for values", async () => {
  const [en, de] = [await json("static/_locales/en/messages.json"), await json("static/_locales/de/messages.json")];
  assert.deepEqual(Object.keys(de), Object.keys(en));
  for (const name of Object.keys(en)) {
    const places = (text: string) => [...new Set(text.match(/\$\d/g) ?? [])].sort();
    assert.deepEqual(places(de[name].message), places(en[name].message), name);
    assert.ok(de[name].message.trim(), name);
  }
});

test("every text that is used exists, and every text that exists is used", async () => {
  const names = Object.keys(await json("static/_locales/en/messages.json"));
  const all = (await sources("src")) + JSON.stringify(manifest("firefox", "1"));
  const used = [...all.matchAll(/\btext\(\s*"(\w+)"|data-text="(\w+)"|__MSG_(\w+)__/g)].map(([, a, b, c]) => a ?? b ?? c);
  for (const name of used) assert.ok(names.includes(name as string), `no text ${name}`);
  const built = ["phase_", "heading_", "following_", "hint_"]; // ${phase}
  for (const name of names.filter((one) => !built.some((start) => one.startsWith(start)))) {
    assert.ok(all.includes(`"${name}"`) || all.includes(`__MSG_${name}__`), `${name} is not used`);
  }
});

test("a zip is the same whenever and in whatever order it is made", () => {
  const one = [["b.txt", Buffer.from("b")], ["a.txt", Buffer.from("a")]] as const;
  assert.deepEqual(zip(one), zip([...one].reverse()));
  assert.equal(zip(one).readUInt32LE(0), 0x04034b50);
});

test("the policy samples set what the schema knows, for the ids of the builds", async () => {
  const known = Object.keys((await json("static/managed_schema.json")).properties);
  const chrome = await json("policies/chrome-linux.json");
  const [settings] = Object.values<Record<string, unknown>>(chrome["3rdparty"].extensions);
  for (const name of Object.keys(settings!)) assert.ok(known.includes(name), name);
  const firefox = await json("policies/firefox-policies.json");
  const given = firefox.policies["3rdparty"].Extensions[FIREFOX_ID];
  for (const name of Object.keys(given)) assert.ok(known.includes(name), name);
});

test("no text of a page is ever made into markup or code", async () => {
  const all = await sources("src");
  for (const danger of ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"]) {
    assert.ok(!all.includes(danger), danger);
  }
});
