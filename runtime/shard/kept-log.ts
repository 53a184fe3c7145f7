// The log of a child that is kept, in a file: entries of a line each, written at places that were planned, so that
// after a crash none is lost and none is there twice.

import { closeSync, constants, fdatasyncSync, fstatSync, openSync, writeSync } from "node:fs";
import type { KeptEntries } from "../core/log.ts";

const { O_CREAT, O_RDWR } = constants;

export class KeptLog implements KeptEntries {
  readonly name: string;
  readonly #file: number;
  readonly #told: (text: string) => void;
  #dirty = false;

  /** `told`: hears of each entry when it is in the file. Throws where the file can't be had. */
  constructor(path: string, told: (text: string) => void) {
    this.name = path;
    this.#file = openSync(path, O_CREAT | O_RDWR, 0o600);
    this.#told = told;
  }

  /** In bytes. */
  end(): number {
    return fstatSync(this.#file).size;
  }

  size(text: string): number {
    return Buffer.byteLength(text) + 1;
  }

  writeAt(text: string, place: number): void {
    const bytes = Buffer.from(`${text}\n`);
    for (let at = 0; at < bytes.length;)
      at += writeSync(this.#file, bytes, at, bytes.length - at, place + at);
    this.#dirty = true;
    this.#told(text);
  }

  /** Returns when what was written would survive a loss of power. */
  sync(): void {
    if (this.#dirty) fdatasyncSync(this.#file);
    this.#dirty = false;
  }

  close(): void {
    closeSync(this.#file);
  }
}
