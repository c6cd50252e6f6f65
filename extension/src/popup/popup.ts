// The popup of the toolbar button: state, time left, position, and what one can do.

import { api, text } from "../shared/browser.ts";
import { isOlder } from "../shared/config.ts";
import { part, translate, write } from "../shared/dom.ts";
import { mainPool } from "../background/badge.ts";
import { clock, lossAt, phaseOf, stateOf, type Phase } from "../shared/state.ts";
import type { Act, Broadcast, Message, PoolState, Snapshot } from "../shared/types.ts";
import { waitText } from "../content/queue.ts";

const JIRA = { origins: ["https://*.atlassian.net/*"] };
const HINTED: Phase[] = ["no_server", "signed_out", "away", "not_managed"];

let known: Snapshot | null = null;
let busy = false;
let asking = false;

async function send(message: Message): Promise<void> {
  const answer: Snapshot | null = await api.runtime.sendMessage(message);
  if (answer !== null) show(answer);
}

function key(): string | null {
  return known && mainPool(known);
}

function show(snapshot: Snapshot): void {
  known = snapshot;
  const phase = phaseOf(snapshot, key());
  const state = stateOf(snapshot, key());
  part("mark").dataset["phase"] = phase;
  write(part("heading"), text(`phase_${phase}`));
  const hint = HINTED.includes(phase) ? text(`hint_${phase}`) : (state.document?.message ?? "");
  write(part("message"), hint);
  const outdated = isOlder(snapshot.version, snapshot.config.minimum_extension_version);
  const problem = snapshot.problem || (outdated ? text("outdated") : "");
  write(part("problem"), problem);
  part("problem").hidden = !problem;
  write(part("server"), snapshot.server || "–");
  showButtons(phase, snapshot);
  tick();
}

function showButtons(phase: Phase, snapshot: Snapshot): void {
  const shown: Record<string, boolean> = {
    reconnect: phase === "none" || phase === "queued",
    keep: phase === "warned",
    "sign-in": phase === "signed_out",
    release: phase === "active" || phase === "warned" || phase === "queued" || phase === "granting",
    queue: snapshot.config.queue_url !== "" && (phase === "none" || phase === "queued"),
    "sign-out": snapshot.signedIn,
    help: Boolean(snapshot.config.help_url),
  };
  for (const [id, is] of Object.entries(shown)) part(id).hidden = !is;
  write(part("release"), text(phase === "queued" ? "leave_queue" : "hand_back"));
  for (const button of document.querySelectorAll("button")) button.disabled = busy;
}

/** Twice a second: what counts down, and asking again when it is time. */
function tick(): void {
  if (known === null) return;
  const state = stateOf(known, key());
  const phase = phaseOf(known, key());
  const now = Date.now();
  fact("position", phase === "queued" ? placeOf(state) : "");
  fact("wait", phase === "queued" ? waitText(state.document?.eta_seconds ?? null) : "");
  const next = (state.nextAskAt - now) / 1000;
  fact("next", phase === "queued" || phase === "locked" ? (next > 0 ? clock(next) : text("now")) : "");
  const loss = phase === "warned" ? lossAt(state) : null;
  fact("left", loss === null ? "" : clock((loss - now) / 1000));
  if (now >= state.nextAskAt && now >= (known.away?.retryAt ?? 0)) void ask();
}

function placeOf({ document }: PoolState): string {
  if (document?.position == null) return "";
  return text("place_of", document.position, Math.max(document.waiting, document.position));
}

function fact(name: string, value: string): void {
  for (const element of document.querySelectorAll<HTMLElement>(`[data-of="${name}"]`)) element.hidden = !value;
  write(part(name), value);
}

async function ask(fresh = false): Promise<void> {
  const pool = key();
  if (asking || pool === null || !known?.signedIn) return;
  asking = true;
  await send({ type: "look", pool, wanted: null, fresh }).finally(() => (asking = false));
}

/** Carry out a click; the buttons rest meanwhile, and the result is read aloud. */
function does(id: string, task: () => Promise<void>): void {
  part(id).addEventListener("click", () => {
    busy = true;
    if (known) show(known);
    void task().finally(() => {
      busy = false;
      if (known === null) return;
      show(known);
      write(part("status"), text(`phase_${phaseOf(known, key())}`));
    });
  });
}

function acting(act: Act): () => Promise<void> {
  return async () => {
    const pool = key();
    if (pool !== null) await send({ type: "act", act, pool, wanted: null });
  };
}

/** Browsers let people take the sites away from an extension again, Firefox from the start. */
async function showAccess(): Promise<void> {
  part("access").hidden = await api.permissions.contains(JIRA);
}

translate();
does("reconnect", acting("reconnect"));
does("keep", acting("keep"));
does("release", acting("release"));
does("sign-in", () => send({ type: "signIn" }));
does("sign-out", () => send({ type: "signOut" }));
part("settings").addEventListener("click", () => void api.runtime.openOptionsPage());
part("queue").addEventListener("click", () => void api.tabs.create({ url: known?.config.queue_url ?? "" }));
part("help").addEventListener("click", () => void api.tabs.create({ url: known?.config.help_url ?? "" }));
part("allow").addEventListener("click", () => void api.permissions.request(JIRA).then(showAccess));
api.runtime.onMessage.addListener((message: Broadcast) => {
  if (message?.type === "state") show(message.snapshot);
});
setInterval(tick, 500);
void showAccess();
void send({ type: "snapshot" }).then(() => ask(true));
