// What an earlier release froze goes on under this one: the image names the base memory of that release, whose
// library is in the child's memory.
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { E } from "../../runtime/index.ts";
import { buildBase, guestLibrary } from "../../runtime/engine/base.ts";
import { compileEngine } from "../../runtime/engine/wasm-module.ts";
import { sha256 } from "../../runtime/digest.ts";
import { encodeBase } from "../../runtime/engine/base-file.ts";
import { baseFileName, type LibraryOptions } from "../../runtime/engine/base-library.ts";
import type { StartConfig } from "../../runtime/host/host-config.ts";
import { LiveHost } from "../../runtime/host/live-host.ts";
import { loadPlatform, startRuntime } from "../../runtime/host/runtime.ts";
import { openImage } from "../../runtime/image/open-image.ts";
import { COUNTED, COUNTED_LINES } from "./stage.ts";

const COUNTER = `import { component, FileSystem, Log, Timer } from "cryonode";
export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const files = await env.session(FileSystem, { label: "data" });
  const file = await files.open("count.txt", { write: true, create: true, append: true });
  for (let n = 1; n <= 10; n++) {
    await file.write(n + "\\n");
    await log.write("count " + n);
    await timer.sleep(1);
  }
});
`;

describe("host: an image of an earlier release", () => {
  const { engine, base: current } = loadPlatform();
  // As a release before might have been: its library has something that ours has not.
  const earlier = buildBase(compileEngine(engine), `${guestLibrary()}\nglobalThis.release = "earlier";`);

  const inFolder = (play: (folder: string) => Promise<void>) => async (): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), "cryonode-earlier-"));
    try {
      await mkdir(join(folder, "bases"));
      await mkdir(join(folder, "data"));
      await writeFile(join(folder, "counter.ts"), COUNTER);
      await play(folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  };

  const entry = (folder: string): StartConfig => ({
    name: "counter",
    component: join(folder, "counter.ts"),
    ram: 8 << 20,
    caps: 100,
    turn: 3000,
    config: {},
    routes: [{ service: "LOG" }, { service: "Timer" }, { service: "File_system", label: "data" }],
  });

  /** A host of a release with these bases; `log` is what the counter writes there. */
  const withHost = async (
    folder: string,
    bases: LibraryOptions,
    play: (host: LiveHost, log: string[]) => Promise<void>,
  ): Promise<void> => {
    const runtime = await startRuntime(join(folder, "state"), { bases });
    if (E.isLeft(runtime)) throw new Error(runtime.left.tag);
    const log: string[] = [];
    const rights = ["read", "write", "create"] as const;
    const host = new LiveHost({
      config: {
        name: "here",
        ram: 64 << 20,
        caps: 1000,
        files: { data: { kind: "directory", path: join(folder, "data"), rights } },
        gates: {},
        roms: {},
        trust: [],
      },
      runtime: runtime.right,
      emit: (event) => {
        if (event.event === "log") log.push(event.text);
      },
      beforeGo: () => "hold",
    });
    try {
      await play(host, log);
    } finally {
      await host.close();
      await runtime.right.close();
    }
  };

  const frozenAt = async (host: LiveHost, text: string, image: string): Promise<void> => {
    const child = host.child("counter")!;
    const held = new Promise<void>((resolve) => child.watch({ whole: text }, resolve));
    child.go();
    await held;
    expect(await host.freeze(["counter"], { image })).to.satisfy(E.isRight);
  };

  const baseOf = async (folder: string, image: string): Promise<string> => {
    const runtime = await startRuntime(join(folder, "state"));
    if (E.isLeft(runtime)) throw new Error(runtime.left.tag);
    const opened = openImage(await readFile(image), [runtime.right.signer.publicKey]);
    await runtime.right.close();
    if (E.isLeft(opened)) throw new Error(opened.left.tag);
    return opened.right.manifest.children[0]!.platform.base;
  };

  it(
    "fault 27: goes on with the base that it names, is frozen with it again, and goes on to its end",
    inFolder(async (folder) => {
      expect(earlier.hash).to.not.equal(current.hash);
      const [first, second] = [join(folder, "first.cryo"), join(folder, "second.cryo")];
      const logs: string[] = [];
      await withHost(folder, { current: earlier }, async (host, log) => {
        expect(await host.start(entry(folder))).to.satisfy(E.isRight);
        await frozenAt(host, "count 3", first);
        logs.push(...log);
      });
      expect(await baseOf(folder, first)).to.equal(earlier.hash);
      const library = { engine: engine.hash, library: sha256("what it was made of then") };
      await writeFile(join(folder, "bases", baseFileName(earlier.hash)), encodeBase(earlier, library));
      const bases = { folders: [join(folder, "bases")] };
      await withHost(folder, bases, async (host, log) => {
        expect(await host.revive(first, { entry: () => entry(folder) })).to.satisfy(E.isRight);
        await frozenAt(host, "count 7", second);
        logs.push(...log);
      });
      expect(await baseOf(folder, second)).to.equal(earlier.hash);
      await withHost(folder, bases, async (host, log) => {
        expect(await host.revive(second, { entry: () => entry(folder) })).to.satisfy(E.isRight);
        const child = host.child("counter")!;
        child.go();
        expect(await child.ended).to.deep.equal({ kind: "exited", code: 0 });
        // Whoever is started there starts from this release's own.
        expect(await host.start({ ...entry(folder), name: "another" })).to.satisfy(E.isRight);
        expect(host.child("another")!.base.hash).to.equal(current.hash);
        logs.push(...log);
      });
      expect(logs).to.deep.equal(COUNTED);
      expect(await readFile(join(folder, "data", "count.txt"), "utf8")).to.equal(COUNTED_LINES);
    }),
  );

  it(
    "fault 27: is refused by the base's name where the release does not have it, and is as it was",
    inFolder(async (folder) => {
      const image = join(folder, "counter.cryo");
      await withHost(folder, { current: earlier }, async (host) => {
        expect(await host.start(entry(folder))).to.satisfy(E.isRight);
        await frozenAt(host, "count 3", image);
      });
      await copyFile(image, `${image}.kept`);
      await withHost(folder, { folders: [join(folder, "bases")] }, async (host) => {
        const refused = await host.revive(image, { entry: () => entry(folder) });
        expect(JSON.stringify(E.isLeft(refused) ? refused.left : null)).to.contain(earlier.hash);
        expect(host.child("counter")).to.equal(undefined);
        expect(host.free.ram).to.equal(64 << 20);
      });
      expect(await readFile(image)).to.deep.equal(await readFile(`${image}.kept`));
      await withHost(folder, { current: earlier }, async (host) => {
        expect(await host.revive(image, { entry: () => entry(folder) }), "not used up").to.satisfy(E.isRight);
      });
    }),
  );
});
