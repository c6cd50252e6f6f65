// The look of the queue page: the server draws what the unsaved form would make of it; the page is not left.

const WAIT = 350;

function start() {
  const place = document.querySelector("[data-preview=page]");
  const form = place?.closest("form");
  if (!form) return;
  const notes = document.querySelector("[data-preview=notes]");
  const dark = document.querySelector("[data-preview=dark]");
  const root = place.attachShadow({ mode: "open" });
  const colours = new CSSStyleSheet();
  root.adoptedStyleSheets = [colours];
  const look = Object.assign(document.createElement("link"), { rel: "stylesheet", href: place.dataset.style });
  const page = document.createElement("div");
  root.append(look, page);
  let timer = null;
  let asked = 0;

  async function draw() {
    const number = (asked += 1);
    const answer = await fetch(place.dataset.url, { method: "POST", body: new FormData(form) }).catch(() => null);
    if (number !== asked) return; // a newer question is on its way
    if (!answer?.ok) {
      note([{ text: place.dataset.failed ?? "?", bad: true }]);
      return;
    }
    const { html, style, problems, notices } = await answer.json();
    page.innerHTML = html; // drawn and sanitised by the server, like the page itself
    colours.replaceSync(style);
    note([...problems.map((text) => ({ text, bad: true })), ...notices.map((text) => ({ text }))]);
  }

  function note(lines) {
    notes.replaceChildren(
      ...lines.map(({ text, bad }) =>
        Object.assign(document.createElement("p"), {
          className: `ium-banner ${bad ? "ium-danger" : "ium-info"}`,
          textContent: text,
        }),
      ),
    );
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(draw, WAIT);
  }

  const scheme = () => {
    place.style.colorScheme = dark.checked ? "dark" : "light";
  };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  dark.addEventListener("change", (event) => {
    event.stopPropagation(); // not a setting
    scheme();
  });
  scheme();
  draw();
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
