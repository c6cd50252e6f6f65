// What people chose on the queue page, remembered by their browser: the automatic way back, the closed notice.

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

const automatic = document.querySelector("[data-part=automatic]");
automatic.checked = recall("ium-automatic") !== "off";
automatic.addEventListener("change", () => {
  remember("ium-automatic", automatic.checked ? "on" : "off");
});

const notice = document.querySelector("[data-part=extension]");
if (notice) {
  notice.hidden = recall("ium-extension-notice") === "closed";
  const close = notice.querySelector("button");
  close.hidden = false;
  close.addEventListener("click", () => {
    notice.hidden = true;
    remember("ium-extension-notice", "closed");
  });
}
