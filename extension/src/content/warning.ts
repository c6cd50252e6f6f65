// The "Lost Jira slot" popup: one minute ahead, in every open page of Jira. Its buttons are a convenience: any
// activity keeps the slot, and that is all that works while a page has a modal dialog of its own open.

import { text } from "../shared/browser.ts";
import { clock } from "../shared/state.ts";
import { ground, make, write } from "./ui.ts";

export type WarningChoice = "keep" | "release" | "close";

const KEPT_FOR = 8000;

export class Warning {
  #choose: (choice: WarningChoice) => void;
  #parts: Parts | null = null;
  #hiding: ReturnType<typeof setTimeout> | undefined;
  #spoken = "";

  constructor(choose: (choice: WarningChoice) => void) {
    this.#choose = choose;
  }

  /** Whether it counts down (and not only says that the slot was kept). */
  get counting(): boolean {
    return this.#parts !== null && this.#isOpen() && !this.#parts.box.classList.contains("kept");
  }

  /** Show the time left, in seconds. */
  show(secondsLeft: number, pool: string): void {
    clearTimeout(this.#hiding);
    const parts = this.#make();
    parts.box.classList.remove("kept");
    parts.time.hidden = parts.keep.hidden = false;
    parts.close.hidden = true;
    write(parts.heading, text("warning_title"));
    write(parts.message, text("warning_message", pool));
    write(parts.time, clock(secondsLeft));
    this.#open(parts);
    this.#speak(secondsLeft, pool);
  }

  /** The slot is safe. Handing it back stays possible for a moment: on the way to the button one is active. */
  kept(): void {
    const parts = this.#parts;
    if (parts === null || !this.counting) return;
    parts.box.classList.add("kept");
    parts.time.hidden = parts.keep.hidden = true;
    parts.close.hidden = false;
    write(parts.heading, text("kept_title"));
    write(parts.message, text("kept_message"));
    write(parts.alert, text("kept_title"));
    this.#hideSoon();
  }

  hide(): void {
    clearTimeout(this.#hiding);
    this.#spoken = "";
    if (this.#isOpen()) this.#parts?.box.hidePopover();
  }

  #hideSoon(): void {
    clearTimeout(this.#hiding);
    this.#hiding = setTimeout(() => {
      if (this.#parts?.box.matches(":hover, :focus-within")) this.#hideSoon();
      else this.hide();
    }, KEPT_FOR);
  }

  #isOpen(): boolean {
    return this.#parts?.box.isConnected === true && this.#parts.box.matches(":popover-open");
  }

  #open(parts: Parts): void {
    const root = ground();
    if (parts.box.getRootNode() !== root) root.append(parts.box);
    if (!this.#isOpen()) parts.box.showPopover();
  }

  /** Read aloud when it appears and ten seconds before the end, not every second. */
  #speak(secondsLeft: number, pool: string): void {
    const stage = secondsLeft > 10 ? "first" : "last";
    if (this.#spoken === stage) return;
    this.#spoken = stage;
    const told = text("notice_message", pool, Math.ceil(secondsLeft));
    if (this.#parts) write(this.#parts.alert, `${text("warning_title")}. ${told}`);
  }

  #make(): Parts {
    if (this.#parts === null) {
      this.#parts = build();
      this.#parts.box.addEventListener("click", (event) => {
        const button = (event.target as Element).closest("button");
        if (event.isTrusted && button) this.#choose(button.value as WarningChoice);
      });
    }
    return this.#parts;
  }
}

interface Parts {
  box: HTMLElement;
  heading: HTMLElement;
  message: HTMLElement;
  time: HTMLElement;
  keep: HTMLButtonElement;
  close: HTMLButtonElement;
  alert: HTMLElement;
}

function build(): Parts {
  const heading = make("h2", { id: "warning" });
  const message = make("p");
  const time = make("p", { class: "time", role: "timer", "data-part": "time" });
  const keep = make("button", { type: "button", class: "main", value: "keep" }, text("keep"));
  const release = make("button", { type: "button", value: "release" }, text("hand_back_now"));
  const close = make("button", { type: "button", value: "close" }, text("close"));
  const alert = make("p", { class: "unseen", role: "alert" });
  const box = make(
    "section",
    { popover: "manual", "aria-labelledby": "warning", "data-part": "warning" },
    heading, message, time, make("div", { class: "buttons" }, keep, release, close), alert,
  );
  return { box, heading, message, time, keep, close, alert };
}
