// The install page: shows at once when the extension is found on it, and soon when IUM has heard of it.

const ASK_SECONDS = 4;
const ASK_AT_MOST_MINUTES = 20;
// The extension marks the pages of its server when it starts; a page that is open already gets it within moments.
const FOUND_WITHIN_SECONDS = 2;

const root = document.documentElement;
const checks = document.querySelector("[data-part=checks]");
const status = document.querySelector("[data-part=status]");
const openedAt = Date.now();

function show(name, state) {
  const line = checks.querySelector(`[data-check=${name}]`);
  if (line.dataset.state === state) return;
  line.dataset.state = state;
  for (const text of line.querySelectorAll("[data-when]")) text.hidden = text.dataset.when !== state;
  if (state === "yes") status.textContent = line.querySelector("[data-when=yes]").textContent.trim();
}

function lookHere() {
  if (root.dataset.iumExtension) show("found", "yes");
  else if (Date.now() - openedAt > FOUND_WITHIN_SECONDS * 1000) show("found", "no");
}

async function ask() {
  if (document.visibilityState !== "visible") return;
  try {
    const answer = await fetch(checks.dataset.stateUrl, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const state = await answer.json();
    if (state.person) show("signed-in", state.signed_in ? "yes" : "no");
  } catch {
    // The server is away: what is shown stays, and the next question may be answered.
  }
}

new MutationObserver(() => {
  lookHere();
  ask();
}).observe(root, { attributes: true, attributeFilter: ["data-ium-extension", "data-ium-extension-signed-in"] });
lookHere();
setTimeout(lookHere, FOUND_WITHIN_SECONDS * 1000 + 100);
document.addEventListener("visibilitychange", ask);
const asking = setInterval(() => {
  if (Date.now() - openedAt > ASK_AT_MOST_MINUTES * 60_000) clearInterval(asking);
  else ask();
}, ASK_SECONDS * 1000);
