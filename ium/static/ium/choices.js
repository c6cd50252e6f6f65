// What people chose on the queue page, remembered by their browser: boxes they ticked.

function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage is blocked: the choice holds for this page only.
  }
}

function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

for (const box of document.querySelectorAll("[data-remember]")) {
  const chosen = recall(box.dataset.remember);
  if (chosen) box.checked = chosen === "on";
  // Also when a script takes the choice back: then it says so with the same event.
  box.addEventListener("change", () => remember(box.dataset.remember, box.checked ? "on" : "off"));
}
