// Builds dist/chrome (also for Edge) and dist/firefox. `--store` leaves the development key out.
// Not minified: whoever reviews the extension reads what runs.

import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { manifest, TARGETS } from "./manifest.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const store = process.argv.includes("--store");
const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));

const ENTRIES = {
  background: "src/background/main.ts",
  content: "src/content/main.ts",
  denied: "src/content/denied.ts",
  marker: "src/content/marker.ts",
  popup: "src/popup/popup.ts",
  options: "src/options/options.ts",
};
const PAGES = ["src/popup/popup.html", "src/options/options.html", "src/shared/pages.css"];

async function buildTarget(target) {
  const out = join(root, "dist", target);
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: ENTRIES,
    outdir: out,
    bundle: true,
    format: "iife",
    target: target === "chrome" ? "chrome120" : "firefox140",
    charset: "utf8",
    legalComments: "none",
    define: { __TARGET__: JSON.stringify(target) },
    logLevel: "warning",
  });
  await cp(join(root, "static"), out, { recursive: true });
  if (target === "firefox") await rm(join(out, "managed_schema.json"));
  for (const page of PAGES) await cp(join(root, page), join(out, page.split("/").pop()));
  const text = JSON.stringify(manifest(target, version, { store }), null, 2);
  await writeFile(join(out, "manifest.json"), `${text}\n`);
}

await Promise.all(TARGETS.map(buildTarget));
