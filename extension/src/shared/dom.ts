// Small helpers of the extension's own pages.

import { api, text } from "./browser.ts";

export function part<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no element ${id}`);
  return found as T;
}

export function write(element: Element, content: string): void {
  if (element.textContent !== content) element.textContent = content;
}

/** Put the texts of the browser's language in place. */
export function translate(): void {
  document.documentElement.lang = api.i18n.getUILanguage();
  for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) {
    write(element, text(element.dataset["text"] ?? ""));
  }
}
