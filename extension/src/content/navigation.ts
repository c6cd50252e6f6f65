// Jira changes its address without loading a page. The Navigation API tells; looking once a second finds the rest.

const EVERY = 1000;

/** Call back whenever the address without its hash changes, until the signal. */
export function watchAddress(changed: () => void, signal: AbortSignal): void {
  let last = here();
  const look = () => {
    if (here() === last) return;
    last = here();
    changed();
  };
  const { navigation } = globalThis as { navigation?: EventTarget };
  navigation?.addEventListener("currententrychange", look, { signal });
  addEventListener("popstate", look, { signal });
  const timer = setInterval(look, EVERY);
  signal.addEventListener("abort", () => clearInterval(timer));
}

function here(): string {
  return location.origin + location.pathname + location.search;
}
