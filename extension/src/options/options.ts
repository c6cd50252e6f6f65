// Settings: the server's address and two choices. What a policy set is shown and cannot be changed.

import { wishedHosts } from "../background/hosts.ts";
import { settings, type Settled } from "../background/settings.ts";
import { config } from "../background/store.ts";
import { api, text } from "../shared/browser.ts";
import { serverOrigin } from "../shared/config.ts";
import { part, translate, write } from "../shared/dom.ts";
import type { SettingName, Settings } from "../shared/policy.ts";

const CHOICES = ["sign_in_automatically", "notifications"] as const;

async function show(): Promise<void> {
  const now = await settings();
  const { settled } = await api.storage.local.get("settled");
  const fixed: SettingName[] = (settled as Settled | undefined)?.fixed ?? [];
  const server = part<HTMLInputElement>("server");
  server.value = now.server;
  for (const name of CHOICES) part<HTMLInputElement>(name).checked = now[name];
  for (const name of ["server", ...CHOICES] as const) {
    part<HTMLInputElement>(name).disabled = fixed.includes(name);
    const note = document.querySelector<HTMLElement>(`[data-fixed="${name}"]`);
    if (note) note.hidden = !fixed.includes(name);
  }
  await showPages(now.server);
}

let wished: string[] = [];

async function showPages(server: string): Promise<void> {
  wished = wishedHosts({ server, config: await config(server) });
  const allowed = wished.length > 0 && (await api.permissions.contains({ origins: wished }));
  part("allow").hidden = allowed || !wished.length;
  const state = allowed ? text("option_allowed", wished.join(", ")) : text("option_denied");
  write(part("pages"), wished.length ? state : text("option_nothing"));
}

async function save(): Promise<void> {
  const written = part<HTMLInputElement>("server").value.trim();
  const server = serverOrigin(written);
  const wrong = written !== "" && server === null;
  part("server").setAttribute("aria-invalid", String(wrong));
  write(part("server-error"), wrong ? text("option_wrong") : "");
  write(part("status"), "");
  if (wrong) return part("server").focus();
  const chosen: Partial<Settings> = { server: server ?? "" };
  for (const name of CHOICES) chosen[name] = part<HTMLInputElement>(name).checked;
  await api.storage.local.set({ chosen });
  write(part("status"), text("option_saved"));
}

translate();
document.title = text("options_title");
part("form").addEventListener("submit", (event) => {
  event.preventDefault();
  void save();
});
part("allow").addEventListener("click", () => {
  // At once: the browser asks the person only as an answer to a click.
  void api.permissions.request({ origins: wished }).then(show);
});
api.storage.onChanged.addListener((changes) => {
  if (changes["settled"] || changes["config"]) void show();
});
void show();
