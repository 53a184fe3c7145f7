// The host's end of a shard's portal: serves the objects that several children share, and everything that a
// shard has no provider for.
import { E } from "../../lib/fp.ts";
import { FileSystem } from "../../lib/session/file-system.ts";
import { Gate } from "../../lib/session/gate.ts";
import { Report } from "../../lib/session/report.ts";
import { Rom } from "../../lib/session/rom.ts";
import { makeFileSystem, type FileSystemPosition } from "../core/file-system.ts";
import { makeGate, openGate, type GatePosition } from "../core/gate.ts";
import { makeReport, type ReportPosition } from "../core/report.ts";
import { makeRom, type RomPosition } from "../core/rom.ts";
import { grantedRights } from "../core/route.ts";
import type { Answer, CoreObject, Eventually } from "../core/service.ts";
import { invoke } from "../domain/call.ts";
import type { Fence } from "../provider/epoch/incarnation.ts";
import type { ToPortalClient, ToPortalServer } from "../shard/protocol.ts";
import type { Providers } from "./providers.ts";

type Opened = Extract<ToPortalServer, { readonly kind: "open" }>;

const gone = (what: string): Answer<never> => E.left({ tag: "Closed", what });

/** What fences the child's effects on a provider of this thread; null where nothing does. */
export type FenceFor = (provider: object, service: "File_system" | "Gate", label: string) => Fence | null;

type Opener = (providers: Providers, message: Opened, fence: FenceFor) => Eventually<CoreObject>;

const openers: ReadonlyMap<string, Opener> = new Map<string, Opener>([
  [
    Rom.service,
    ({ roms }, { provider, position }) =>
      E.right(makeRom(roms.source(provider), position as RomPosition | null)),
  ],
  [
    Report.service,
    ({ roms }, { provider, position }) =>
      E.right(makeReport(roms.source(provider), position as ReportPosition | null, roms.keeping(provider))),
  ],
  [
    FileSystem.service,
    ({ files }, { provider, route, position }, fence) => {
      const found = files.get(provider);
      if (found === undefined) return gone(`file provider ${provider}`);
      const rights = grantedRights(found.rights, route);
      const seen = position as FileSystemPosition | null;
      const fenced = fence(found.provider, "File_system", provider);
      return E.right(makeFileSystem(found.provider, rights, route.policy ?? "strict", seen, fenced));
    },
  ],
  [
    Gate.service,
    async ({ servedGates }, { provider, route, position }, fence) => {
      const found = servedGates.get(provider);
      if (found === undefined) return gone(`gate ${provider}`);
      const known = position as GatePosition | null;
      const end = await openGate(found.provider, known);
      const rights = grantedRights(found.rights, route);
      if (E.isLeft(end)) return end;
      const fenced = fence(found.provider, "Gate", provider);
      return E.right(makeGate(provider, end.right, rights, known, fenced));
    },
  ],
]);

export class PortalServer {
  readonly #providers: Providers;
  readonly #fence: FenceFor;
  readonly #answer: (message: ToPortalClient) => void;
  readonly #objects = new Map<number, CoreObject>();
  readonly #waiting = new Map<number, Promise<unknown>>();

  constructor(providers: Providers, answer: (message: ToPortalClient) => void, fence: FenceFor = () => null) {
    this.#providers = providers;
    this.#fence = fence;
    this.#answer = answer;
  }

  async receive(message: ToPortalServer): Promise<void> {
    switch (message.kind) {
      case "open": {
        const opener = openers.get(message.service);
        const opened =
          opener === undefined ? gone(message.service) : await opener(this.#providers, message, this.#fence);
        return this.#give(message.call, message.object, opened);
      }
      case "call": {
        const object = this.#objects.get(message.object);
        if (object === undefined) return this.#give(message.call, 0, gone("the session"));
        const answer = invoke(object, message.method, message.args);
        if (answer instanceof Promise) this.#waiting.set(message.call, answer);
        const answered = await answer;
        this.#waiting.delete(message.call);
        return this.#give(message.call, message.fresh, answered);
      }
      case "cancel": {
        const waiting = this.#waiting.get(message.call);
        if (waiting !== undefined) this.#objects.get(message.object)?.life?.cancel?.(waiting);
        return;
      }
      case "hasten":
      case "dismissed":
        return this.#objects.get(message.object)?.life?.[message.kind]?.();
      case "suspend":
        return this.#objects.get(message.object)?.life?.suspend?.();
      case "resume":
        return this.#objects.get(message.object)?.life?.resume?.();
      case "capture": {
        const position = await this.#objects.get(message.object)?.life?.capture?.();
        return this.#answer({ call: message.call, answer: position ?? E.right(null), served: null });
      }
      case "enact":
      case "retract": {
        const done = await this.#objects.get(message.object)?.life?.effect?.[message.kind]();
        return this.#answer({ call: message.call, answer: done ?? gone("the object"), served: null });
      }
      case "confirm":
        return this.#objects.get(message.object)?.life?.effect?.confirm();
      case "release": {
        const object = this.#objects.get(message.object);
        this.#objects.delete(message.object);
        await object?.life?.release?.();
        return this.#answer({ call: message.call, answer: E.right(undefined), served: null });
      }
    }
  }

  #give(call: number, number: number, answer: Answer<unknown>): void {
    if (number === 0 || E.isLeft(answer)) {
      this.#answer({ call, answer, served: null });
      return;
    }
    const object = answer.right as CoreObject;
    this.#objects.set(number, object);
    const { changed = null, effect } = object.life ?? {};
    this.#answer({ call, answer: E.right(null), served: { changed, effect: effect !== undefined } });
  }

  /** The shard is gone: gives back all that it held. */
  async close(): Promise<void> {
    const objects = [...this.#objects.values()];
    this.#objects.clear();
    await Promise.all(objects.toReversed().map(async (object) => object.life?.release?.()));
  }
}
