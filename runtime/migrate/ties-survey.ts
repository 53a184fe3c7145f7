// The links of children that are about to leave with those who stay behind, or live elsewhere already: which sessions are
// carried, and why one can't be.
import { E, type Either } from "../../lib/fp.ts";
import { routeFor } from "../core/route.ts";
import type { ChildIdentity } from "../host/child.ts";
import type { StartConfig } from "../host/host-config.ts";
import type { LiveHost } from "../host/live-host.ts";
import type { Tie } from "../host/ties.ts";
import type { Absentees } from "./absentees.ts";
import type { CarriedTie, Ties } from "./carried-cargo.ts";
import type { Introductions } from "./introductions.ts";
import type { MigrateError } from "./migrate-error.ts";

export interface TiesSurveyOptions {
  readonly live: LiveHost;
  readonly absentees: Absentees;
  readonly introductions: Introductions;
  readonly entry: (name: string) => StartConfig | undefined;
  readonly nameOf: (peer: string) => string;
  /** Who is kept here under this name, in an image too; null where nobody is. */
  readonly kept: (child: string) => Promise<ChildIdentity | null>;
  /** All names under which somebody may be kept. */
  readonly names: () => readonly string[];
  /** The generation of who came here and may not have come to life yet; 1 for others. */
  readonly come: (identity: string) => number;
}

/** Where travelers came from, and where they go without having lived here. */
export interface Onward {
  readonly from: string;
  readonly to: string;
}

export class TiesSurvey {
  readonly #options: TiesSurveyOptions;
  /** Those who have not been there since this host began, and have links with one that leaves, by name: those in
   *  images. */
  readonly #kept = new Map<string, ChildIdentity | null>();

  constructor(options: TiesSurveyOptions) {
    this.#options = options;
  }

  /** Finds out what `of` can't know by itself, while they run. Left: `to` and a third host don't know each other. */
  async prepare(names: readonly string[], to: string): Promise<Either<MigrateError, void>> {
    const { live, kept } = this.#options;
    const wanted = names.flatMap((name) => live.unled(name).map(({ child }) => child));
    // Whose name it is, only their images say.
    const isHeldUnseen = names.some((name) => live.unheld(name).length > 0);
    for (const child of isHeldUnseen ? this.#options.names() : wanted)
      this.#kept.set(child, await kept(child));
    const met = (child: string): readonly Tie[] => live.ties(child);
    const unmet = (child: string): readonly CarriedTie[] => this.#unmet(child, to);
    for (const tiesOf of [met, unmet])
      for (const child of names)
        for (const tie of tiesOf(child)) {
          const refused = await this.introduce(child, tie, to);
          if (refused !== null) return E.left(refused);
        }
    return E.right(undefined);
  }

  /** Asks the third host that somebody lives at whether it knows `to`. Null: it does, or there is no third one. */
  async introduce(
    child: string,
    { identity, child: other }: Pick<Tie, "identity" | "child">,
    to: string,
  ): Promise<MigrateError | null> {
    const { absentees, introductions } = this.#options;
    const third = absentees.of(identity)?.at;
    if (third === undefined || third === to) return null;
    const known = await introductions.ask(third, to);
    return known === true ? null : this.#stranger(child, other, third, to, known);
  }

  #stranger(child: string, other: string, third: string, to: string, known: boolean | null): MigrateError {
    const { nameOf } = this.#options;
    const session = `has a session with ${other}, which lives on ${nameOf(third)}`;
    const reason =
      known === false
        ? `${session}: that host's \`peers\` lack ${nameOf(to)}, with the key ${to}, and the two must know each other`
        : `${session}: that host is not in contact, and can't be asked whether it knows ${nameOf(to)}`;
    return { tag: "Unfit", child, reason };
  }

  /** By traveler. Left: one of them can't be carried. */
  of(names: readonly string[], to: string): Either<MigrateError, Ties> {
    const all = new Map<string, readonly CarriedTie[]>();
    for (const child of names) {
      const ties: CarriedTie[] = [];
      for (const tie of this.#options.live.ties(child)) {
        if (names.includes(tie.child) && !tie.far) continue;
        const refused = this.#refusal(child, tie);
        if (refused !== null) return E.left({ tag: "Unfit", child, reason: refused });
        const { link, identity, child: other, serves, session } = tie;
        const place = this.#place(identity, to);
        const generation = this.#generation(identity, other);
        ties.push({ link, identity, child: other, generation, ...place, serves, session });
      }
      all.set(child, [...ties, ...this.#frozen(child, names), ...this.#unmet(child, to)]);
    }
    return E.right(all);
  }

  /** Whether third hosts that these have to do with have said that they know `to`. */
  areIntroduced(ties: Ties, to: string): Either<MigrateError, void> {
    for (const [child, all] of ties)
      for (const { at, child: other } of all)
        if (at !== undefined && !this.#options.introductions.isKnown(at.key, to))
          return E.left(this.#stranger(child, other, at.key, to, null));
    return E.right(undefined);
  }

  /** The latest one that is known here: of two who say where somebody lives, the one with the later one is believed. */
  #generation(identity: string, child: string): number {
    const { live, absentees, come } = this.#options;
    const known = live.identityOf(child);
    const own = known?.identity === identity ? known.generation : 1;
    return Math.max(own, come(identity), absentees.of(identity)?.epoch ?? 1);
  }

  #place(identity: string, to: string): Pick<CarriedTie, "there" | "at"> {
    // Whoever has just left is no stand-in yet.
    const at = this.#options.absentees.of(identity)?.at;
    if (at === undefined || at === to) return { there: at === to };
    return { there: false, at: { key: at, name: this.#options.nameOf(at) } };
  }

  /** What they have with those who lie in images. */
  #frozen(child: string, names: readonly string[]): readonly CarriedTie[] {
    const { live } = this.#options;
    const served = live.unled(child).flatMap(({ link, child: other, session }): CarriedTie[] => {
      const kept = this.#kept.get(other) ?? null;
      if (kept === null || names.includes(other)) return [];
      return [{ link, ...kept, child: other, there: false, serves: true, session }];
    });
    const serving = live.unheld(child).flatMap(({ link, holder }): CarriedTie[] => {
      const [found] = [...this.#kept].filter(([, kept]) => kept?.identity === holder);
      if (found === undefined || names.includes(found[0])) return [];
      const [other, kept] = found;
      return [{ link, ...kept!, child: other, there: false, serves: false, session: null }];
    });
    return [...served, ...serving];
  }

  /** What they have with those who live elsewhere, and have not been in contact since this host began. */
  #unmet(child: string, to: string): readonly CarriedTie[] {
    const { live, absentees } = this.#options;
    const own = live.identityOf(child)?.identity ?? "";
    const served = live.unled(child).flatMap(({ link, child: other, session }): CarriedTie[] => {
      const noted = absentees.all.find(
        (each) => each.child === other && each.others?.includes(own) !== false,
      );
      if (noted === undefined) return [];
      const { identity, epoch: generation } = noted;
      const place = this.#place(identity, to);
      return [{ link, identity, child: other, generation, ...place, serves: true, session }];
    });
    const serving = live.unheld(child).flatMap(({ link, holder: identity }): CarriedTie[] => {
      const noted = absentees.of(identity);
      if (noted === undefined) return [];
      const { child: other, epoch: generation } = noted;
      const session = noted.sessions.find((each) => each.link === link);
      const what = session === undefined ? null : { service: session.service, label: session.label };
      const place = this.#place(identity, to);
      return [{ link, identity, child: other, generation, ...place, serves: false, session: what }];
    });
    return [...served, ...serving];
  }

  /** Links of travelers that come from a container, as they are from here: who was left behind may have moved since. */
  onward(ties: Ties, { from, to }: Onward): Ties {
    const { absentees, live, nameOf } = this.#options;
    const moved = (tie: CarriedTie): CarriedTie => {
      const { at: before, ...rest } = tie;
      const known = absentees.of(tie.identity);
      const isHere =
        known === undefined && (tie.there || live.identityOf(tie.child)?.identity === tie.identity);
      const at = isHere ? undefined : (known?.at ?? before?.key ?? from);
      const generation = Math.max(tie.generation, this.#generation(tie.identity, tie.child));
      if (at === undefined || at === to) return { ...rest, generation, there: at === to };
      return { ...rest, generation, there: false, at: { key: at, name: nameOf(at) } };
    };
    return new Map([...ties].map(([child, all]) => [child, all.map(moved)]));
  }

  #refusal(child: string, { child: other, serves, session, shares }: Tie): string | null {
    if (shares) return `shares a dataspace with ${other}, which would stay behind: they go together`;
    if (session === null) return null;
    const [client, server] = serves ? [child, other] : [other, child];
    const { service, label } = session;
    const route = routeFor(this.#options.entry(client)?.routes ?? [], service, label);
    const what = `${service}${label === "" ? "" : ` "${label}"`}`;
    return route?.local === true
      ? `can't leave ${other} behind: the session of ${client} with ${server}, ${what}, has the route ` +
          `{ service: ${route.service}, to: { child: ${route.child ?? ""} }, local: true }: they go together`
      : null;
  }
}
