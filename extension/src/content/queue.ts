// The queue over a page that needs a slot: a modal dialog in the top layer, so that no page can lie above it.

import { text } from "../shared/browser.ts";
import { clock, waitInMinutes, type Phase } from "../shared/state.ts";
import type { PoolState } from "../shared/types.ts";
import { ground, make, write } from "./ui.ts";

export type Choice = "reconnect" | "release" | "peek";

const SPEAK_EVERY = 60_000;

/** The overlay. It shows what it is told and hands clicks on; it decides nothing. */
export class QueueOverlay {
  #choose: (choice: Choice) => void;
  #parts: Parts | null = null;
  #spokenAt = -Infinity;
  #spoken = "";

  constructor(choose: (choice: Choice) => void) {
    this.#choose = choose;
  }

  get shown(): boolean {
    return this.#parts?.dialog.open === true && this.#parts.dialog.isConnected;
  }

  show(phase: Phase, state: PoolState, name: string): void {
    const parts = this.#make();
    fill(parts, phase, state, name);
    this.#speak(phase, state);
    const root = ground();
    if (parts.dialog.getRootNode() !== root) root.append(parts.dialog);
    if (parts.dialog.open) return;
    parts.dialog.showModal();
    parts.heading.focus();
  }

  /** Once a second: the time until the next attempt. */
  tick(phase: Phase, state: PoolState, now: number): void {
    if (this.#parts === null) return;
    const counts = phase === "queued" || phase === "locked" || phase === "none";
    const automatic = phase !== "none" || state.document?.automatic === true;
    const { timer, time, bar } = this.#parts;
    timer.hidden = !(counts && automatic && !state.left);
    const left = (state.nextAskAt - now) / 1000;
    write(time, left > 0 ? clock(left) : text("now"));
    const whole = state.nextAskAt - state.receivedAt;
    bar.value = whole > 0 ? Math.min(1, Math.max(0, (left * 1000) / whole)) : 0;
  }

  hide(): void {
    this.#parts?.dialog.close();
  }

  /** Buttons rest while a click is being carried out. */
  busy(is: boolean): void {
    for (const button of this.#parts?.dialog.querySelectorAll("button") ?? []) button.disabled = is;
  }

  #make(): Parts {
    if (this.#parts === null) {
      this.#parts = build();
      const { dialog } = this.#parts;
      dialog.addEventListener("cancel", (event) => event.preventDefault());
      dialog.addEventListener("click", (event) => {
        const button = (event.target as Element).closest("button");
        if (event.isTrusted && button) this.#choose(button.value as Choice);
      });
    }
    return this.#parts;
  }

  /** Heard at most once a minute, a change of state at once. */
  #speak(phase: Phase, state: PoolState): void {
    if (this.#parts === null) return;
    const position = state.document?.position;
    const news = position == null ? text(`phase_${phase}`) : text("position_spoken", position);
    const now = performance.now();
    const changed = this.#spoken.split("|")[0] !== phase;
    const said = `${phase}|${news}`;
    if (said === this.#spoken || (!changed && now - this.#spokenAt < SPEAK_EVERY)) return;
    this.#spoken = said;
    this.#spokenAt = now;
    write(this.#parts.status, news);
  }
}

interface Parts {
  dialog: HTMLDialogElement;
  name: HTMLElement;
  heading: HTMLElement;
  message: HTMLElement;
  facts: HTMLElement;
  position: HTMLElement;
  wait: HTMLElement;
  timer: HTMLElement;
  time: HTMLElement;
  bar: HTMLProgressElement;
  reconnect: HTMLButtonElement;
  release: HTMLButtonElement;
  status: HTMLElement;
}

function build(): Parts {
  const name = make("p", { class: "name" });
  const heading = make("h2", { id: "heading", tabindex: "-1" });
  const message = make("p", { id: "message" });
  const position = make("dd", { "data-part": "position" });
  const wait = make("dd", { "data-part": "wait" });
  const facts = make(
    "dl",
    {},
    make("dt", {}, text("position")),
    position,
    make("dt", {}, text("expected_wait")),
    wait,
  );
  const time = make("p", { class: "time", "data-part": "time" });
  const bar = make("progress", { max: "1", "aria-hidden": "true" });
  const timer = make("div", { role: "timer" }, make("p", { class: "name" }, text("next_attempt")), time, bar);
  const reconnect = make("button", { type: "button", class: "main", value: "reconnect" }, text("reconnect"));
  const release = make("button", { type: "button", value: "release" }, text("leave_queue"));
  const peek = make("button", { type: "button", value: "peek" }, text("peek"));
  const status = make("p", { class: "unseen", role: "status" });
  const buttons = make("div", { class: "buttons" }, reconnect, release, peek);
  const dialog = make(
    "dialog",
    { "aria-labelledby": "heading", "aria-describedby": "message", "data-part": "queue" },
    name, heading, message, facts, timer, buttons, status,
  );
  return { dialog, name, heading, message, facts, position, wait, timer, time, bar, reconnect, release, status };
}

function fill(parts: Parts, phase: Phase, state: PoolState, pool: string): void {
  const document = state.document;
  parts.dialog.dataset["phase"] = phase;
  write(parts.name, text("overlay_name", pool));
  write(parts.heading, text(`heading_${phase}`));
  write(parts.message, document?.message || text(`following_${phase}`));
  const waiting = phase === "queued";
  parts.facts.hidden = !waiting;
  write(parts.position, document?.position == null ? "" : text("place_of", document.position, Math.max(document.waiting, document.position)));
  write(parts.wait, waitText(document?.eta_seconds ?? null));
  parts.reconnect.hidden = phase !== "none" && phase !== "queued";
  parts.release.hidden = phase !== "queued" && phase !== "granting";
}

/** The expected wait in words. */
export function waitText(eta: [number, number] | null): string {
  const minutes = waitInMinutes(eta);
  if (minutes === null) return text("wait_unknown");
  const [low, high] = minutes;
  return low > 0 && low !== high ? text("wait_range", low, high) : text("wait_up_to", high);
}
