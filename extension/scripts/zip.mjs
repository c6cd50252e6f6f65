// Packs dist/chrome and dist/firefox, and the source for reviewers, into zips that are the same byte for byte
// wherever they are made: sorted names, one fixed date, one fixed mode, nothing compressed (so that no version of
// a compressor matters).

import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32 } from "./crc32.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCES = [
  "package.json", "package-lock.json", "tsconfig.json", "README.md", "scripts", "src", "static", "tests", "policies",
];
const DATE_1980 = 0x21; // 1 January 1980, the first day a zip can tell
const MODE = (0o100644 << 16) >>> 0;

async function files(path) {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => null);
  if (entries === null) return [path];
  const found = await Promise.all(entries.map((entry) => files(join(path, entry.name))));
  return found.flat();
}

function header(signature, fields) {
  const bytes = Buffer.alloc(4 + fields.reduce((sum, [size]) => sum + size, 0));
  bytes.writeUInt32LE(signature, 0);
  let offset = 4;
  for (const [size, value] of fields) offset = bytes.writeUIntLE(value, offset, size);
  return bytes;
}

/** The bytes of a zip file (APPNOTE.TXT 6.3) with these [name, content] pairs, stored as they are. */
export function zip(entries) {
  const local = [];
  const central = [];
  let offset = 0;
  for (const [name, content] of [...entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const title = Buffer.from(name, "utf8");
    const common = [
      [2, 20], [2, 0x0800], [2, 0], [2, 0], [2, DATE_1980], [4, crc32(content)],
      [4, content.length], [4, content.length], [2, title.length], [2, 0],
    ];
    local.push(header(0x04034b50, common), title, content);
    const rest = [[2, 0], [2, 0], [2, 0], [4, MODE], [4, offset]];
    central.push(header(0x02014b50, [[2, 0x0314], ...common, ...rest]), title);
    offset += 30 + title.length + content.length;
  }
  const directory = Buffer.concat(central);
  const count = central.length / 2;
  const end = [[2, 0], [2, 0], [2, count], [2, count], [4, directory.length], [4, offset], [2, 0]];
  return Buffer.concat([...local, directory, header(0x06054b50, end)]);
}

async function pack(name, base, paths) {
  const found = (await Promise.all(paths.map(files))).flat();
  const entries = found.map(async (path) => [
    relative(base, path).replaceAll("\\", "/"),
    await readFile(path),
  ]);
  await writeFile(join(root, "dist", name), zip(await Promise.all(entries)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  for (const target of ["chrome", "firefox"]) {
    const folder = join(root, "dist", target);
    await pack(`ium-${target}-${version}.zip`, folder, [folder]);
  }
  await pack(`ium-source-${version}.zip`, root, SOURCES.map((path) => join(root, path)));
}
