// How the two ends of a paired gate find each other, and find each other again: one calls, by bounded tries at first and
// then for as long as it takes, the other one takes whoever calls and proves to be the right one.

import { setTimeout as pause } from "node:timers/promises";
import type { Connection } from "./dial.ts";
import type { Standing } from "./conversation.ts";
import { PairedLink, type Greeting, type LinkEnd, type LinkSetting } from "./paired-link.ts";
import type { PairedSetting, Partners } from "./paired-setting.ts";
import type { Hello, Refusal } from "./hello.ts";
import type { Frame } from "./paired-wire.ts";
import { refusalText } from "./refusal-text.ts";
import { retried, triesText } from "./retry.ts";

/** The end that wants to be in touch. */
export interface Seeker {
  readonly standing: Standing;
  /** Why nobody can be talked to now. */
  readonly busy: boolean;
  /** Whether there is any use in a connection. */
  readonly wants: boolean;
  /** Whether anybody may know of it yet. */
  readonly noticed: boolean;
  /** The last number acknowledged. */
  readonly said: number;
  met(hello: Hello): void;
  heard(frame: Frame): string | null;
  parted(): void;
  /** They have met somebody else. */
  unmet(): void;
  /** They are there and won't talk. */
  turnedDown(refusal: Refusal, byUs: boolean): void;
}

type Waits = (greeting: Greeting) => void;

export class Rendezvous implements LinkEnd {
  readonly #setting: PairedSetting;
  readonly #links: LinkSetting;
  readonly #partners: Partners;
  readonly #seeker: Seeker;
  readonly #stop = new AbortController();
  readonly #greeting = new Map<PairedLink, Waits>();
  readonly #partings = new Set<Promise<void>>();
  #link: PairedLink | null = null;
  #met = -Infinity;
  #seeking = false;
  #accepting = false;
  /** Why there is no connection, and how often it was tried since there was one. */
  #reason: string;
  #tries = 0;
  meetings = 0;

  constructor(setting: PairedSetting, partners: Partners, seeker: Seeker) {
    const { name: gate, message, window, retry, pulse } = setting;
    this.#setting = setting;
    this.#links = { gate, message, window, patience: retry.connect, pulse };
    this.#partners = partners;
    this.#seeker = seeker;
    this.#reason = partners.calls ? "not tried yet" : "nobody has called";
  }

  /** Whether there is a connection on which the two have met. */
  get inTouch(): boolean {
    return this.#link !== null;
  }
  /** Whether somebody is greeting, and may think already that the two have met. */
  get greets(): boolean {
    return this.#greeting.size > 0;
  }
  get calls(): boolean {
    return this.#partners.calls;
  }
  /** Why they are not in touch. */
  get reason(): string {
    return this.#tries === 0 ? this.#reason : `${this.#reason}, after ${triesText(this.#tries)}`;
  }

  write(frame: Buffer): void {
    this.#link?.write(frame);
  }

  /** Calls, so many times at most while it fails in a way that may pass. How it came out. */
  async begin(tries: number): Promise<Greeting> {
    this.#seeking = true;
    const passes = (greeting: Greeting): boolean =>
      greeting.kind === "failed" || (greeting.kind === "refused" && greeting.refusal === "busy");
    const retry = { ...this.#setting.retry, tries };
    const { result } = await retried(retry, this.#stop.signal, () => this.#call(), passes);
    this.#seeking = false;
    return result;
  }

  /** Sees to it that there is a connection, sooner or later. */
  goOn(): void {
    void (this.#partners.calls ? this.#seek() : this.#accept());
  }

  /** Ends the connection that there is; what was written still goes out. */
  part(): void {
    const parting = this.#link?.part();
    this.#link = null;
    if (parting === undefined) return;
    this.#partings.add(parting);
    void parting.then(() => this.#partings.delete(parting));
  }

  async close(): Promise<void> {
    this.#stop.abort();
    for (const link of this.#greeting.keys()) link.destroy("the gate was closed");
    for (const waits of this.#greeting.values()) waits({ kind: "failed", reason: "the gate was closed" });
    this.#greeting.clear();
    this.part();
    await Promise.all([...this.#partings, this.#partners.close()]);
  }

  async #seek(): Promise<void> {
    if (this.#seeking) return;
    this.#seeking = true;
    const { first, longest } = this.#setting.retry;
    let delay = first;
    // A peer that hangs up at once is not called at once.
    let rests = performance.now() - this.#met < longest;
    while (this.#wanted) {
      if (rests) {
        await pause(delay, undefined, { signal: this.#stop.signal }).catch(() => {});
        delay = Math.min(2 * delay, longest);
        if (!this.#wanted) break;
      }
      rests = true;
      const greeting = await this.#call();
      if (greeting.kind !== "refused" || greeting.refusal === "busy") continue;
      this.#seeker.turnedDown(greeting.refusal, greeting.byUs);
      break;
    }
    this.#seeking = false;
  }

  get #wanted(): boolean {
    return this.#link === null && !this.#stop.signal.aborted && this.#seeker.wants;
  }

  /** It may be known now. */
  agree(): void {
    if (this.calls) this.#link?.agree();
    else this.goOn();
  }

  async #accept(): Promise<void> {
    if (this.#accepting || !this.#seeker.noticed) return;
    this.#accepting = true;
    const slots = new Set<Promise<unknown>>();
    for (;;) {
      const connection = await this.#partners.next(this.#stop.signal);
      if (typeof connection === "string") return;
      const greeted: Promise<unknown> = this.#greet(connection, false).then(() => slots.delete(greeted));
      slots.add(greeted);
      if (slots.size >= this.#setting.waiting) await Promise.race(slots);
    }
  }

  async #call(): Promise<Greeting> {
    if (this.#stop.signal.aborted) return { kind: "failed", reason: "the gate was closed" };
    const connection = await this.#partners.next(this.#stop.signal);
    const greeting: Greeting =
      typeof connection === "string"
        ? { kind: "failed", reason: connection }
        : await this.#greet(connection, true);
    if (greeting.kind === "met") return greeting;
    this.#tries += 1;
    const isRefused = greeting.kind === "refused";
    const isElsewhere = this.#partners.unmet?.(isRefused) ?? false;
    const failed: Greeting =
      isRefused && isElsewhere
        ? { kind: "failed", reason: refusalText(greeting.refusal, greeting.byUs) }
        : greeting;
    if (failed.kind === "failed") this.#reason = failed.reason;
    return failed;
  }

  #greet(connection: Connection, calls: boolean): Promise<Greeting> {
    if (this.#stop.signal.aborted) {
      connection.socket.destroy();
      return Promise.resolve({ kind: "failed", reason: "the gate was closed" });
    }
    return new Promise((waits) => {
      this.#greeting.set(new PairedLink(this.#links, connection, calls, this), waits);
    });
  }

  // --- what links say

  get standing(): Standing {
    return this.#seeker.standing;
  }
  get busy(): boolean {
    return this.#seeker.busy;
  }
  get noticed(): boolean {
    return this.#seeker.noticed;
  }

  greeted(link: PairedLink, greeting: Greeting): void {
    const waits = this.#greeting.get(link);
    this.#greeting.delete(link);
    if (greeting.kind === "met") this.#join(link, greeting.hello);
    // Who is called minds only what it has itself forgotten; a stranger's call is nobody's concern.
    else if (
      greeting.kind === "refused" &&
      !this.calls &&
      greeting.refusal === (greeting.byUs ? "ahead" : "behind")
    )
      this.#seeker.turnedDown(greeting.refusal, greeting.byUs);
    waits?.(greeting);
  }

  #join(link: PairedLink, hello: Hello): void {
    // The other end knows best whether the connection before is still any good.
    this.#link?.destroy("the other end has connected anew");
    this.#link = link;
    this.#met = performance.now();
    this.#tries = 0;
    this.meetings += 1;
    this.#seeker.met(hello);
  }

  heard(link: PairedLink, frame: Frame): string | null {
    return link === this.#link ? this.#seeker.heard(frame) : null;
  }

  turnedAway(refusal: Refusal): void {
    this.#link = null;
    this.#seeker.unmet();
    this.#seeker.turnedDown(refusal, false);
  }

  said(): number {
    return this.#seeker.said;
  }

  lost(reason: string): void {
    this.#link = null;
    this.#reason = reason;
    this.goOn();
    this.#seeker.parted();
  }
}
