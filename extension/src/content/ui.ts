// The ground that overlay and warning stand on: an element with a shadow root that no style of the page reaches.
// Built with createElement and textContent only, so that strict content security policies of Jira do not matter.

import STYLES from "./styles.ts";

let host: HTMLElement | null = null;

/** The shadow root, made when it is first needed and put back when the page took it away. */
export function ground(): ShadowRoot {
  if (host === null) {
    host = document.createElement("ium-extension");
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLES);
    root.adoptedStyleSheets = [sheet];
    // Single keys are commands in Jira: what is typed here is not for the page.
    for (const name of ["keydown", "keypress", "keyup"]) {
      host.addEventListener(name, (event) => event.stopPropagation());
    }
  }
  if (!host.isConnected) document.documentElement.append(host);
  return host.shadowRoot as ShadowRoot;
}

export function removeGround(): void {
  host?.remove();
  host = null;
}

type Children = (Node | string)[];

/** Make an element: `make("p", { role: "status" }, "text")`. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Record<string, string> = {},
  ...children: Children
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Change a text only when it is another one: a screen reader reads every change of a live region. */
export function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
