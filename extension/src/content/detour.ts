// Atlassian's "request access" page. Who shares licences is led to IUM's queue, with the way back in the address.

import { text } from "../shared/browser.ts";
import type { Detour } from "../shared/types.ts";
import { ground, make } from "./ui.ts";
import { tellWorker } from "./worker.ts";

/** Ask the worker where this page leads, and go there or offer it. */
export async function lead(): Promise<void> {
  const detour = await tellWorker<Detour>({ type: "denied", address: location.href });
  if (detour?.go) location.replace(detour.go);
  else if (detour?.offer) offer(detour.offer);
}

/** Not sure that this person shares licences: a note with a link, and the page stays as it is. */
function offer(address: string): void {
  const link = make("a", { href: address }, text("offer_link"));
  const close = make("button", { type: "button" }, text("close"));
  const buttons = make("div", { class: "buttons" }, close);
  const box = make(
    "section",
    { popover: "manual", role: "status", "data-part": "offer" },
    make("h2", {}, text("offer_title")), make("p", {}, link), buttons,
  );
  close.addEventListener("click", () => box.hidePopover());
  ground().append(box);
  box.showPopover();
}
