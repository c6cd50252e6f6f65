// One page of Jira: what the person does in it, which pool it belongs to, and what has to be shown over it.

import { api } from "../shared/browser.ts";
import { areaOf, isAccessRequest, needOf, poolOf, projectName } from "../shared/pages.ts";
import {
  countsActivity,
  isQueuePhase,
  lossAt,
  phaseOf,
  stateOf,
  warningAt,
} from "../shared/state.ts";
import type { Act, Broadcast, Pool, PoolState, Snapshot } from "../shared/types.ts";
import { Throttle, watchActivity } from "./activity.ts";
import { lead } from "./detour.ts";
import { editorOpen, hasAccess, projectKind, watchEditors } from "./jira.ts";
import { watchAddress } from "./navigation.ts";
import { QueueOverlay, type Choice } from "./queue.ts";
import { removeGround } from "./ui.ts";
import { Warning, type WarningChoice } from "./warning.ts";
import { gone, tellWorker } from "./worker.ts";

const TELL_EVERY = 5000;
const TELL_EVERY_WARNED = 500;
const TICK = 500;
const PROBE_EVERY = 1000;
const PROBES = 15;

class JiraPage {
  #known: Snapshot | null = null;
  // Two, because an unsure sign that is then found wanting must not hide a sure one.
  #throttles = { sure: new Throttle(), unsure: new Throttle() };
  #queue = new QueueOverlay((choice) => this.#chosen(choice));
  #warning = new Warning((choice) => this.#warned(choice));
  /** Whether this page needs a slot; null while that is being found out. */
  #needed: boolean | null = null;
  /** Jira let the person in when this page was loaded: then it works again without being loaded anew. */
  #loadedInside: boolean | null = null;
  #peeking = false;
  #returning = false;
  #asking = false;
  #askAgain = false;

  start(): void {
    watchActivity((sure) => this.#active(sure), gone);
    watchEditors(gone);
    watchAddress(() => this.#moved(), gone);
    const heard = (message: Broadcast) => {
      if (message?.type === "state") this.#heard(message.snapshot);
    };
    api.runtime.onMessage.addListener(heard);
    const timer = setInterval(() => this.#tick(), TICK);
    document.addEventListener("visibilitychange", () => this.#seen(), { signal: gone });
    addEventListener("pageshow", (event) => event.persisted && this.#seen(), { signal: gone });
    gone.addEventListener("abort", () => {
      clearInterval(timer);
      removeGround();
    });
    void this.#refresh();
  }

  get #pool(): Pool | null {
    return this.#known && poolOf(location.href, this.#known.config);
  }

  get #state(): PoolState {
    return stateOf(this.#known ?? { pools: {} }, this.#pool?.key ?? null);
  }

  get #wanted(): string | null {
    return this.#needed ? location.href : null;
  }

  async #refresh(): Promise<void> {
    const now = await tellWorker<Snapshot>({ type: "snapshot" });
    // Not at Atlassian, where this page has a script of its own, but in the simulated Jira.
    if (now && isAccessRequest(location.href, now.config)) return lead();
    this.#heard(now);
    await this.#judge();
    await this.#ask(true);
  }

  #heard(snapshot: Snapshot | null): void {
    if (snapshot === null || gone.aborted) return;
    const first = this.#pool === null;
    this.#known = snapshot;
    if (first && this.#pool !== null) void this.#judge();
    this.#draw();
  }

  #seen(): void {
    if (document.visibilityState === "visible") void this.#refresh();
  }

  #moved(): void {
    this.#peeking = false;
    this.#active(false);
    void this.#judge().then(() => this.#ask(true));
  }

  /** Find out whether this page needs a slot, if need be by asking Jira for the type of its project. */
  async #judge(): Promise<void> {
    const address = location.href;
    const pool = this.#pool;
    if (pool === null || this.#known === null) return;
    const found = needOf(address, pool, this.#known.config, this.#known.projects);
    if (found.need !== "ask") {
      this.#needed = found.need === "needed";
    } else {
      this.#needed = null;
      const kind = await projectKind(found.project);
      if (location.href !== address) return;
      if (kind !== null) {
        const name = projectName(location.origin, found.project);
        await tellWorker({ type: "project", name, kind });
        this.#known.projects[name] = kind;
      }
      this.#needed = kind === null || !this.#known.config.free_project_types.includes(kind);
    }
    this.#draw();
  }

  // --- Activity -----------------------------------------------------------------------------------------------

  #active(sure: boolean): void {
    const pool = this.#pool;
    if (pool === null || this.#known === null || this.#needed === false) return;
    if (!countsActivity(phaseOf(this.#known, pool.key))) return;
    const every = this.#warning.counting ? TELL_EVERY_WARNED : TELL_EVERY;
    if (!this.#throttles[sure ? "sure" : "unsure"].admits(performance.now(), every)) return;
    const page = areaOf(location.href);
    void tellWorker<Snapshot>({ type: "activity", pool: pool.key, page, sure }).then((now) => this.#heard(now));
  }

  // --- Asking -------------------------------------------------------------------------------------------------

  async #ask(fresh = false): Promise<void> {
    const pool = this.#pool;
    if (pool === null || !this.#known?.signedIn) return;
    // The person moved on while the last question was on its way: it was about another page.
    this.#askAgain ||= this.#asking && fresh;
    if (this.#asking) return;
    this.#asking = true;
    const wanted = this.#wanted;
    const answer = await tellWorker<Snapshot>({ type: "look", pool: pool.key, wanted, fresh });
    this.#asking = false;
    this.#heard(answer);
    if (!this.#askAgain) return;
    this.#askAgain = false;
    await this.#ask(true);
  }

  async #act(act: Act): Promise<void> {
    const pool = this.#pool;
    if (pool === null) return;
    const answer = await tellWorker<Snapshot>({ type: "act", act, pool: pool.key, wanted: this.#wanted });
    this.#heard(answer);
  }

  #tick(): void {
    if (this.#known === null || this.#pool === null) return;
    const now = Date.now();
    this.#drawWarning(now);
    if (document.visibilityState !== "visible") return;
    const retryAt = this.#known.away?.retryAt ?? 0;
    if (now >= this.#state.nextAskAt && now >= retryAt) void this.#ask();
    this.#queue.tick(phaseOf(this.#known, this.#pool.key), this.#state, now);
  }

  // --- Showing ------------------------------------------------------------------------------------------------

  #draw(): void {
    const pool = this.#pool;
    if (this.#known === null || pool === null) return;
    const phase = phaseOf(this.#known, pool.key);
    if (this.#loadedInside === null && this.#state.document !== null) {
      this.#loadedInside = !isQueuePhase(phase);
    }
    const cover = this.#needed === true && !this.#peeking && isQueuePhase(phase);
    if (cover) {
      this.#queue.show(phase, this.#state, pool.name);
      this.#queue.tick(phase, this.#state, Date.now());
    } else if (this.#queue.shown && phase === "active" && this.#needed) void this.#comeBack(pool);
    else if (!this.#returning) this.#queue.hide();
    if (!isQueuePhase(phase)) this.#peeking = false;
    this.#drawWarning(Date.now());
  }

  #drawWarning(now: number): void {
    const pool = this.#pool;
    if (this.#known === null || pool === null) return;
    const loss = lossAt(this.#state);
    const from = warningAt(this.#state, pool);
    if (phaseOf(this.#known, pool.key) !== "warned" || loss === null || from === null) {
      if (phaseOf(this.#known, pool.key) === "active") this.#warning.kept();
      else if (this.#warning.counting) this.#warning.hide();
      return;
    }
    if (now >= from) this.#warning.show((loss - now) / 1000, pool.name);
  }

  /** There is a slot again: wait until Jira lets the person in, then go on where they were. */
  async #comeBack(pool: Pool): Promise<void> {
    if (this.#returning) return;
    this.#returning = true;
    this.#queue.show("granting", this.#state, pool.name);
    for (let probe = 0; probe < PROBES && this.#inside(pool); probe += 1) {
      if (await hasAccess(pool.product)) break;
      await new Promise((resolve) => setTimeout(resolve, PROBE_EVERY));
    }
    this.#returning = false;
    if (!this.#inside(pool)) return this.#draw(); // lost again, or the extension is gone
    const works = this.#loadedInside === true || editorOpen();
    this.#loadedInside = true;
    this.#queue.hide();
    this.#throttles.unsure = new Throttle();
    this.#active(false); // takes the slot up, if somebody is there
    if (!works) location.reload();
  }

  #inside(pool: Pool): boolean {
    return !gone.aborted && this.#known !== null && !isQueuePhase(phaseOf(this.#known, pool.key));
  }

  // --- Clicks -------------------------------------------------------------------------------------------------

  #chosen(choice: Choice): void {
    if (choice === "peek") {
      this.#peeking = true;
      this.#queue.hide();
      return;
    }
    this.#queue.busy(true);
    void this.#act(choice).finally(() => this.#queue.busy(false));
  }

  #warned(choice: WarningChoice): void {
    if (choice === "close") this.#warning.hide();
    else if (choice === "keep") void this.#act("keep");
    else {
      this.#warning.hide();
      void this.#act("release");
    }
  }
}

const here = globalThis as { iumPage?: JiraPage };
if (!here.iumPage && window.top === window) {
  here.iumPage = new JiraPage();
  here.iumPage.start();
}
