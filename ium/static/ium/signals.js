// How the queue page draws attention from the background: the tab's icon, and only for people who asked for it a
// sound and a notification. Permission is asked for by a click on the box, never by the page itself.

const config = JSON.parse(document.getElementById("queue-config").textContent);
const { texts, icons } = config;
const part = (name) => document.querySelector(`[data-part="${name}"]`);
const sound = part("sound");
const notify = part("notify");
const icon = document.querySelector("link[rel=icon]");
// Two soft notes, upwards: [frequency in Hz, when in seconds].
const NOTES = [
  [587, 0],
  [880, 0.22],
];
let audio = null;

function note(text) {
  part("choices-note").textContent = text;
  document.dispatchEvent(new CustomEvent("ium:say", { detail: { text } }));
}

function uncheck(box) {
  box.checked = false;
  box.dispatchEvent(new Event("change")); // so that it is remembered
}

// --- Sound: made, not loaded. Browsers let it be heard only after somebody touched the page. -------------------

function awake() {
  if (!audio && "AudioContext" in window) audio = new AudioContext();
  if (audio?.state === "suspended") audio.resume().catch(() => {});
  return audio;
}

function play() {
  if (!awake()) return false;
  for (const [frequency, after] of NOTES) {
    const start = audio.currentTime + after;
    const tone = audio.createOscillator();
    const loudness = audio.createGain();
    tone.frequency.value = frequency;
    loudness.gain.setValueAtTime(0, start);
    loudness.gain.linearRampToValueAtTime(0.2, start + 0.03);
    loudness.gain.exponentialRampToValueAtTime(0.001, start + 0.6);
    tone.connect(loudness).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.65);
  }
  return true;
}

sound.addEventListener("click", () => {
  if (!sound.checked) note("");
  else if (play()) note(texts.sound_on);
  else {
    note(texts.sound_missing);
    uncheck(sound);
  }
});
// A reloaded page is silent until it is touched: any touch will do.
for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, () => sound.checked && awake());

// --- Notification ---------------------------------------------------------------------------------------------

const known = "Notification" in window;

function show() {
  const options = { body: texts.notify_body, icon: icons.granting, tag: "ium-turn", lang: document.documentElement.lang };
  try {
    const shown = new Notification(texts.notify_title, options);
    shown.addEventListener("click", () => {
      window.focus();
      shown.close();
    });
  } catch {
    uncheck(notify); // some browsers know the word only: then it is no choice
  }
}

notify.addEventListener("click", async () => {
  if (!notify.checked) {
    note("");
    return;
  }
  const answer = known ? await Notification.requestPermission() : "missing";
  if (answer === "granted") {
    note(texts.notify_on);
    return;
  }
  note(known ? texts.notify_denied : texts.notify_missing);
  uncheck(notify);
});
if (notify.checked && !(known && Notification.permission === "granted")) uncheck(notify);

// --- What the queue page tells --------------------------------------------------------------------------------

document.addEventListener("ium:view", ({ detail }) => {
  const href = icons[detail.view] ?? icons.none;
  if (icon.getAttribute("href") !== href) icon.href = href;
});

document.addEventListener("ium:turn", () => {
  if (sound.checked) play();
  if (notify.checked && known && Notification.permission === "granted") show();
});
