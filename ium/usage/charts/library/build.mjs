// Builds ium/usage/static/usage/vendor/echarts.js from the npm packages that package-lock.json names, with its
// licence and a record of what it is. `npm ci --ignore-scripts && node build.mjs [folder]`; the same packages always
// give the same bytes, which tests/usage/charts/test_library.py shows.
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const TARGET = process.argv[2] ?? join(HERE, "../../static/usage/vendor");
const PACKAGES = ["echarts", "zrender", "tslib"];
const LICENCES = {
  echarts: ["LICENSE", "licenses/LICENSE-d3", "NOTICE"],
  zrender: ["LICENSE"],
  tslib: ["LICENSE.txt"],
};

const read = (name) => readFile(join(HERE, name), "utf8");

const { packages } = JSON.parse(await read("package-lock.json"));
const used = Object.fromEntries(
  PACKAGES.map((name) => {
    const { version, license, integrity } = packages[`node_modules/${name}`];
    return [name, { version, license, integrity }];
  }),
);

const words = Object.entries(used).map(([name, { version, license }]) => `${name} ${version} (${license})`);
const { outputFiles } = await build({
  absWorkingDir: HERE,
  banner: { js: `/*! ${words.join(", ")}; licences: echarts.LICENSE.txt */` },
  bundle: true,
  charset: "utf8",
  define: { "process.env.NODE_ENV": '"production"' },
  entryPoints: ["entry.mjs"],
  format: "iife",
  globalName: "echarts",
  legalComments: "none",
  minify: true,
  target: "es2020",
  write: false,
});

const texts = [];
for (const [name, files] of Object.entries(LICENCES)) {
  for (const file of files) {
    const text = await read(`node_modules/${name}/${file}`);
    texts.push(`${name} ${used[name].version}: ${file}\n\n${text.trim()}\n`);
  }
}

const bytes = outputFiles[0].contents;
const record = {
  built_with: `esbuild ${packages["node_modules/esbuild"].version}`,
  bytes: bytes.length,
  packages: used,
  sha256: createHash("sha256").update(bytes).digest("hex"),
};
await mkdir(TARGET, { recursive: true });
await writeFile(join(TARGET, "echarts.js"), bytes);
await writeFile(join(TARGET, "echarts.LICENSE.txt"), texts.join(`\n${"-".repeat(80)}\n\n`));
await writeFile(join(TARGET, "echarts.json"), `${JSON.stringify(record, null, 2)}\n`);
console.log(`${record.bytes} bytes, sha256 ${record.sha256}`);
