// Keeps the overview fresh: fetches the page every 10 s and exchanges its changing part. Without scripts the link
// "Refresh" does the same by hand. It can be stopped, and starts stopped for people who asked for less motion.
(() => {
  "use strict";
  const PERIOD = 10_000;
  const toggle = document.querySelector("[data-toggle]");
  const shown = document.getElementById("ium-overview");
  let running = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  let timer = 0;

  const label = () => {
    toggle.textContent = running ? toggle.dataset.on : toggle.dataset.off;
    toggle.setAttribute("aria-pressed", String(running));
  };

  const exchange = (text) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    const fresh = page.getElementById("ium-overview");
    if (!fresh) throw new Error("signed out");
    // Nothing is exchanged under the hands of somebody who reads it by keyboard.
    if (shown.contains(document.activeElement)) return;
    shown.replaceChildren(...fresh.childNodes);
    document.getElementById("ium-as-of").replaceWith(page.getElementById("ium-as-of"));
  };

  const refresh = async () => {
    if (document.hidden) return plan();
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.ok) exchange(await answer.text());
    } catch (problem) {
      if (problem.message === "signed out") running = false;
    }
    plan();
  };

  const plan = () => {
    clearTimeout(timer);
    if (running) timer = setTimeout(refresh, PERIOD);
    label();
  };

  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    running = !running;
    plan();
  });
  plan();
})();
