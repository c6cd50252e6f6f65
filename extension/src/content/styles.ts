// The look of overlay and warning. `!important` at :host: there it wins over any rule of the page.

export default `
:host {
  all: initial !important;
  display: block !important;
  color-scheme: light dark !important;
}
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
dialog, [popover] {
  --card: light-dark(#ffffff, #1a2028);
  --text: light-dark(#1a2330, #e8ecf2);
  --muted: light-dark(#556070, #a8b2c0);
  --line: light-dark(#d8dee6, #323b47);
  --accent: light-dark(#0b5fcc, #8ebcff);
  --on-accent: light-dark(#ffffff, #0d1a2b);
  --warn: light-dark(#9a4a00, #ffb869);
  --good: light-dark(#14744a, #6fd6a5);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  color: var(--text);
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: 12px;
  padding: 24px;
  box-shadow: 0 12px 48px rgb(0 0 0 / 35%);
  overflow-wrap: anywhere;
}
dialog { width: min(520px, calc(100vw - 32px)); max-height: calc(100vh - 32px); margin: auto; overflow: auto; }
dialog::backdrop { background: rgb(16 22 32 / 72%); }
[popover] {
  inset: 20px 20px auto auto;
  width: min(400px, calc(100vw - 40px));
  margin: 0;
  padding: 18px 20px;
  border-left: 6px solid var(--warn);
}
[popover].kept { border-left-color: var(--good); }
.name { margin: 0 0 4px; font-size: 13px; color: var(--muted); }
h2 { margin: 0 0 8px; font-size: 22px; line-height: 1.25; font-weight: 650; }
[popover] h2 { font-size: 18px; }
p { margin: 0 0 12px; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 4px 16px; margin: 0 0 16px; }
dt { color: var(--muted); }
dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; }
.time { font-size: 30px; font-weight: 650; font-variant-numeric: tabular-nums; line-height: 1.2; margin: 0 0 12px; }
progress { display: block; width: 100%; height: 6px; margin: 0 0 16px; accent-color: var(--accent); }
.buttons { display: flex; flex-wrap: wrap; gap: 8px; }
button {
  font: inherit; font-weight: 600; cursor: pointer;
  min-height: 40px; padding: 6px 16px;
  border: 1px solid var(--line); border-radius: 8px;
  color: var(--text); background: transparent;
}
button.main { color: var(--on-accent); background: var(--accent); border-color: var(--accent); }
button:hover { filter: brightness(1.08); }
button:disabled { opacity: .55; cursor: default; }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.trouble { color: var(--warn); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (prefers-reduced-motion: no-preference) {
  dialog[open], [popover]:popover-open { animation: appear .18s ease-out; }
  @keyframes appear { from { opacity: 0; transform: translateY(8px); } }
}
@media (forced-colors: active) { button { border-color: ButtonBorder; } }
`;
