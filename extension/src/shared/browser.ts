// The one name for the browser's interface: `browser` in Firefox and new Chromium, `chrome` elsewhere.

declare const __TARGET__: "chrome" | "firefox" | undefined;

const both = globalThis as unknown as { browser?: typeof chrome; chrome?: typeof chrome };

/** The WebExtension interface of this browser; every call of it answers with a promise. */
export const api = (both.browser ?? both.chrome) as typeof chrome;

const TARGET = typeof __TARGET__ === "undefined" ? "chrome" : __TARGET__;

interface Brands {
  userAgentData?: { brands: { brand: string }[] };
}

/** Which browser this is: Edge runs the build for Chrome. */
export function browserName(): "chrome" | "edge" | "firefox" {
  const brands = (globalThis.navigator as Brands | undefined)?.userAgentData?.brands ?? [];
  if (brands.some(({ brand }) => brand === "Microsoft Edge")) return "edge";
  return TARGET === "firefox" ? "firefox" : "chrome";
}

/** The text of a message in the browser's language, with $1, $2 … filled in. */
export function text(name: string, ...values: (string | number)[]): string {
  return api.i18n.getMessage(name, values.map(String)) || name;
}
