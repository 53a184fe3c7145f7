// What `cryonode inspect` shows of an image: plain data for text and JSON. It says how large memories are and
// never what is in them; ledgers are passed on for the layer that understands them.
import type { Manifest } from "./manifest.ts";
import type { ChunkKind, EncodedMemory } from "./memory.ts";
import type { SealedImage } from "./open-image.ts";

export interface MemorySummary {
  /** Of the plain memory. */
  readonly bytes: number;
  /** In the file. */
  readonly storedBytes: number;
  /** Whether it needs no base memory. */
  readonly whole: boolean;
  readonly chunks: Readonly<Record<ChunkKind, number>>;
}

export interface ChildSummary {
  readonly name: string;
  readonly label: string;
  readonly identity: string;
  readonly generation: number;
  /** SHA-256 of each. */
  readonly engine: string;
  readonly base: string;
  readonly code: { readonly file: string; readonly hash: string };
  readonly quota: { readonly ram: number; readonly caps: number };
  readonly memory: MemorySummary;
  readonly ledger: unknown;
}

export interface ImageSummary {
  readonly format: number;
  readonly image: string;
  /** ISO 8601. */
  readonly created: string;
  readonly host: string;
  /** Who signed it. */
  readonly key: string;
  /** SHA-256 of everything before the seal. */
  readonly digest: string;
  readonly fileBytes: number;
  readonly sections: { readonly manifest: number; readonly index: number; readonly chunks: number };
  readonly children: readonly ChildSummary[];
}

const memorySummary = ({ bytes, whole, chunks }: EncodedMemory): MemorySummary => {
  const count = (kind: ChunkKind): number => chunks.filter((chunk) => chunk.kind === kind).length;
  return {
    bytes,
    storedBytes: chunks.reduce((sum, { data }) => sum + data.length, 0),
    whole,
    chunks: { zero: count("zero"), deflate: count("deflate"), raw: count("raw") },
  };
};

const childSummary = (child: Manifest["children"][number], memory: EncodedMemory): ChildSummary => ({
  name: child.name,
  label: child.label,
  identity: child.identity,
  generation: child.generation,
  engine: child.platform.engine,
  base: child.platform.base,
  code: { file: child.code.file, hash: child.code.hash },
  quota: child.quota,
  memory: memorySummary(memory),
  ledger: child.ledger,
});

export const inspect = ({ manifest, memories, authentic }: SealedImage): ImageSummary => ({
  format: manifest.format,
  image: manifest.image,
  created: new Date(manifest.created).toISOString(),
  host: manifest.host,
  key: authentic.key,
  digest: authentic.digest,
  fileBytes: authentic.bytes,
  sections: {
    manifest: authentic.manifest.length,
    index: authentic.index.length,
    chunks: authentic.chunks.length,
  },
  children: memories.flatMap((memory, index) => {
    const child = manifest.children[index];
    return child === undefined ? [] : [childSummary(child, memory)];
  }),
});
