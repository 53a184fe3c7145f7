// Who rests until a ROM holds something else than it did: one watch for each ROM, however many wait for it.
import type { Roms } from "./providers.ts";

interface Watched {
  readonly names: Set<string>;
  readonly stop: () => void;
}

export class RomWatch {
  readonly #roms: Roms;
  readonly #ring: (child: string) => void;
  readonly #watched = new Map<string, Watched>();
  /** ROMs by who waits for them. */
  readonly #waiting = new Map<string, string[]>();

  /** `ring`: called for whoever waits for a ROM that has been replaced. */
  constructor(roms: Roms, ring: (child: string) => void) {
    this.#roms = roms;
    this.#ring = ring;
  }

  /** `sha256`: of what the child knows the ROM to hold, hexadecimal; it is called at once where that is no longer so. */
  add(child: string, rom: string, sha256: string): void {
    const source = this.#roms.source(rom);
    const watched = this.#watched.get(rom) ?? {
      names: new Set(),
      stop: source.watch(() => this.#changed(rom)),
    };
    this.#watched.set(rom, watched);
    watched.names.add(child);
    const roms = this.#waiting.get(child);
    if (roms === undefined) this.#waiting.set(child, [rom]);
    else roms.push(rom);
    if (sha256 !== "" && source.sha256 !== sha256) this.#ring(child);
  }

  delete(child: string): void {
    for (const rom of this.#waiting.get(child) ?? []) {
      const watched = this.#watched.get(rom);
      if (watched === undefined || !watched.names.delete(child) || watched.names.size > 0) continue;
      watched.stop();
      this.#watched.delete(rom);
    }
    this.#waiting.delete(child);
  }

  #changed(rom: string): void {
    for (const child of [...(this.#watched.get(rom)?.names ?? [])]) this.#ring(child);
  }
}
