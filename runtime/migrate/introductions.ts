// Who of a host's peers knows whom: two of them can have a session with each other only if each is among the other's peers,
// and that is asked before anybody stops.

export interface IntroductionsOptions {
  /** Asks a peer; nothing is said where it is out of contact, and it is asked again when it is not. */
  readonly say: (peer: string, key: string) => void;
  /** Longest wait for an answer, in ms. */
  readonly patience: number;
}

interface Question {
  readonly peer: string;
  readonly key: string;
  readonly answer: (known: boolean | null) => void;
}

export class Introductions {
  readonly #options: IntroductionsOptions;
  readonly #open = new Set<Question>();
  /** Pairs that have known each other in the time of this host. */
  readonly #known = new Set<string>();

  constructor(options: IntroductionsOptions) {
    this.#options = options;
  }

  /** Whether a peer knows another host; null: it does not answer, and did not before. */
  async ask(peer: string, key: string): Promise<boolean | null> {
    const { say, patience } = this.#options;
    const answered = await new Promise<boolean | null>((resolve) => {
      const timer = setTimeout(() => answer(null), patience);
      const answer = (known: boolean | null): void => {
        clearTimeout(timer);
        this.#open.delete(question);
        resolve(known);
      };
      const question: Question = { peer, key, answer };
      this.#open.add(question);
      say(peer, key);
    });
    return answered ?? (this.isKnown(peer, key) ? true : null);
  }

  /** A peer is in contact: it has not heard what it was asked before. */
  met(peer: string): void {
    for (const each of this.#open) if (each.peer === peer) this.#options.say(peer, each.key);
  }

  told(peer: string, key: string, known: boolean): void {
    const asked = [...this.#open].filter((each) => each.peer === peer && each.key === key);
    // What nobody has asked is nothing to remember.
    if (asked.length === 0) return;
    if (known) this.#known.add(`${peer} ${key}`);
    else this.#known.delete(`${peer} ${key}`);
    for (const { answer } of asked) answer(known);
  }

  /** Whether a peer has said that it knows this host, and has not taken it back. */
  isKnown(peer: string, key: string): boolean {
    return this.#known.has(`${peer} ${key}`);
  }
}
