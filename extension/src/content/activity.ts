// Notices that the person works in this page: that something happened, never what. Nothing is read from an event but
// its kind and, for the pointer, whether it moved.

const SURE = ["pointerdown", "pointermove", "keydown", "wheel"] as const;
// A script may scroll, move on or take the focus too: these count only for somebody who is at the computer.
const UNSURE = ["scroll", "focus", "pageshow"] as const;
const OPTIONS = { capture: true, passive: true } as const;
const FRAME_EVERY = 20_000;

type Noticed = (sure: boolean) => void;

/** Lets at most one event through in so many milliseconds, the first at once. */
export class Throttle {
  #last = -Infinity;

  /** Whether this event counts. A clock that was set back does not silence anything. */
  admits(now: number, every: number): boolean {
    if (Math.abs(now - this.#last) < every) return false;
    this.#last = now;
    return true;
  }
}

/** Whether the pointer really moved: browsers also send moves when something moves under a pointer at rest. */
export class Pointer {
  #x = NaN;
  #y = NaN;

  moved(event: Pick<PointerEvent, "screenX" | "screenY">): boolean {
    const known = !Number.isNaN(this.#x);
    const moved = event.screenX !== this.#x || event.screenY !== this.#y;
    this.#x = event.screenX;
    this.#y = event.screenY;
    return known && moved;
  }
}

/** Tell of every trusted sign of work in a visible page, until the signal. Throttling is the caller's. */
export function watchActivity(noticed: Noticed, signal: AbortSignal): void {
  const pointer = new Pointer();
  const visible = () => document.visibilityState === "visible";
  const on = (event: Event, sure: boolean) => {
    if (!event.isTrusted || !visible()) return;
    if (event.type === "focus" && event.target !== window) return;
    if (event.type === "pointermove" && !pointer.moved(event as PointerEvent)) return;
    noticed(sure);
  };
  for (const name of SURE) addEventListener(name, (event) => on(event, true), { ...OPTIONS, signal });
  for (const name of UNSURE) addEventListener(name, (event) => on(event, false), { ...OPTIONS, signal });
  document.addEventListener("visibilitychange", (event) => on(event, false), { ...OPTIONS, signal });
  watchFrames(() => visible() && noticed(false), signal);
}

/** Work inside an app's frame never reaches this page: there the focus and the computer's idle time tell. */
function watchFrames(noticed: () => void, signal: AbortSignal): void {
  const timer = setInterval(() => {
    if (document.hasFocus() && document.activeElement?.tagName === "IFRAME") noticed();
  }, FRAME_EVERY);
  signal.addEventListener("abort", () => clearInterval(timer));
}
