// What one host has to offer, alive: shared files, gates, ROMs and reports.
import { mkdirSync, readFileSync } from "node:fs";
import { E } from "../../lib/fp.ts";
import { RomSource } from "../core/rom.ts";
import type { Answer } from "../core/service.ts";
import { directoryFiles } from "../provider/file/directory.ts";
import type { FileProvider, FileRight } from "../provider/file/file-provider.ts";
import { memoryFiles } from "../provider/file/memory.ts";
import type { GateProvider, GateRight } from "../provider/gate/gate-provider.ts";
import { queueGate, type QueueGate } from "../provider/gate/queue.ts";
import type { FileProviderSpec, GateProviderSpec } from "../shard/protocol.ts";
import type { HostConfig } from "./host-config.ts";
import type { KeptReports } from "./kept-reports.ts";

/** ROMs by name, those that reports publish included: they are empty until the first report. */
export class Roms {
  readonly #sources = new Map<string, RomSource>();
  readonly #reports: KeptReports | null;

  constructor(reports: KeptReports | null = null) {
    this.#reports = reports;
  }

  /** What keeps the reports of a name; null where nothing does. */
  keeping(name: string): ((content: Uint8Array) => Promise<Answer<void>>) | null {
    const reports = this.#reports;
    return reports === null ? null : (content) => reports.keep(name, content);
  }

  source(name: string): RomSource {
    const known = this.#sources.get(name) ?? new RomSource(null);
    this.#sources.set(name, known);
    return known;
  }
}

export interface Providers {
  readonly roms: Roms;
  /** Files served in the host's thread. */
  readonly files: ReadonlyMap<
    string,
    { readonly provider: FileProvider; readonly rights: readonly FileRight[] }
  >;
  /** Queue gates, whose outer ends are played from here. */
  readonly gates: ReadonlyMap<
    string,
    { readonly provider: QueueGate; readonly rights: readonly GateRight[] }
  >;
  /** All gates served in the host's thread: the queues, and those that the program brought along. */
  readonly servedGates: ReadonlyMap<
    string,
    { readonly provider: GateProvider; readonly rights: readonly GateRight[] }
  >;
  /** All providers, as shards see them. */
  readonly fileSpecs: ReadonlyMap<string, FileProviderSpec>;
  readonly gateSpecs: ReadonlyMap<string, GateProviderSpec>;
  /** What the program brought along is its own to close. */
  close(): void;
}

/** Makes a host's providers. Directories that are not there are made, where that is a right; a ROM's file that can't be read throws.
 *  `reports`: keeps them, and has those of former hosts. */
export const makeProviders = (config: HostConfig, reports: KeptReports | null = null): Providers => {
  const roms = new Roms(reports);
  for (const [name, content] of reports?.content ?? []) roms.source(name).replace(content);
  for (const [name, rom] of Object.entries(config.roms)) {
    if (reports?.content.has(name) === true) continue;
    roms
      .source(name)
      .replace(
        rom.kind === "text"
          ? rom.text
          : rom.kind === "json"
            ? JSON.stringify(rom.json)
            : readFileSync(rom.path),
      );
  }
  const files = new Map<string, { provider: FileProvider; rights: readonly FileRight[] }>();
  const fileSpecs = new Map<string, FileProviderSpec>();
  for (const [name, file] of Object.entries(config.files)) {
    if (file.kind === "memory") {
      files.set(name, { provider: memoryFiles({ name, content: file.content }), rights: file.rights });
      fileSpecs.set(name, { kind: "memory", rights: file.rights });
    } else if (file.kind === "provided") {
      const { provider, rights } = file;
      files.set(name, { provider, rights });
      fileSpecs.set(name, { kind: "provided", rights });
    } else {
      if (file.rights.includes("create")) mkdirSync(file.path, { recursive: true });
      fileSpecs.set(name, file);
    }
  }
  const gates = new Map<string, { provider: QueueGate; rights: readonly GateRight[] }>();
  const servedGates = new Map<string, { provider: GateProvider; rights: readonly GateRight[] }>();
  const gateSpecs = new Map<string, GateProviderSpec>();
  for (const [name, gate] of Object.entries(config.gates)) {
    const { kind, rights } = gate;
    gateSpecs.set(name, kind === "provided" ? { kind, rights } : gate);
    if (kind === "provided") servedGates.set(name, { provider: gate.provider, rights });
    if (kind !== "queue") continue;
    const { unread } = gate;
    const queue = {
      provider: queueGate({ name, ...(unread === undefined ? {} : { bound: unread }) }),
      rights,
    };
    gates.set(name, queue);
    servedGates.set(name, queue);
  }
  return {
    roms,
    files,
    gates,
    servedGates,
    fileSpecs,
    gateSpecs,
    close() {
      for (const [name, { provider }] of files) if (fileSpecs.get(name)?.kind === "memory") provider.close();
      for (const { provider } of gates.values()) provider.close();
    },
  };
};

/** A file provider for acting on the outside world, with all rights: the host's own in memory, or a fresh one on
 *  the same directory. */
export const outsideFiles = (providers: Providers, name: string): FileProvider | null => {
  const shared = providers.files.get(name);
  if (shared !== undefined) return shared.provider;
  const spec = providers.fileSpecs.get(name);
  if (spec?.kind !== "directory") return null;
  const opened = directoryFiles({ name, directory: spec.path });
  return E.isRight(opened) ? opened.right : null;
};
