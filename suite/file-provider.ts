// What every file provider owes its callers. An implementation's spec hands in a fresh, empty provider.

import { expect } from "chai";
import type { FileProvider, OpenFile, OpenMode } from "../runtime/provider/file/file-provider.ts";
import { left, leftTag, right } from "./outcome.ts";

export interface FileProviderSetup {
  /** A new, empty provider; the suite closes it. */
  readonly setup: () => FileProvider;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const mode = (wanted: Partial<OpenMode>): OpenMode => ({
  read: false,
  write: false,
  create: false,
  append: false,
  truncate: false,
  ...wanted,
});

const readWrite = mode({ read: true, write: true, create: true });

const whole = (file: OpenFile): string => {
  const into = new Uint8Array(right(file.stat()).size + 10);
  return new TextDecoder().decode(into.subarray(0, right(file.read(0, into))));
};

export const fileProviderSuite = ({ setup }: FileProviderSetup): void => {
  let provider: FileProvider;

  const put = (path: string, text: string): void => {
    const file = right(provider.open(path, mode({ write: true, create: true, truncate: true })));
    right(file.write(bytes(text), 0));
    file.close();
  };

  const text = (path: string): string => {
    const file = right(provider.open(path, mode({ read: true })));
    const content = whole(file);
    file.close();
    return content;
  };

  beforeEach(() => {
    provider = setup();
  });
  afterEach(() => provider.close());

  describe("open", () => {
    it("creates only where asked to", () => {
      expect(left(provider.open("a", mode({ read: true, write: true })))).to.deep.equal({
        tag: "NotFound",
        path: "a",
      });
      right(provider.open("a", readWrite)).close();
      right(provider.open("a", mode({ read: true }))).close();
      expect(right(provider.stat("a")).size).to.equal(0);
    });

    it("empties a file with truncate only", () => {
      put("a", "one");
      right(provider.open("a", readWrite)).close();
      expect(text("a")).to.equal("one");
      right(provider.open("a", mode({ write: true, truncate: true }))).close();
      expect(text("a")).to.equal("");
    });

    it("refuses impossible modes and changes nothing", () => {
      for (const wanted of [
        {},
        { create: true },
        { read: true, append: true },
        { read: true, truncate: true },
      ])
        expect(leftTag(provider.open("a", mode({ create: true, ...wanted })))).to.equal("InvalidArgument");
      expect(leftTag(provider.stat("a"))).to.equal("NotFound");
    });

    it("refuses directories and what lies below a file", () => {
      right(provider.mkdir("d"));
      put("f", "");
      for (const wanted of [mode({ read: true }), mode({ write: true }), readWrite])
        expect(left(provider.open("d", wanted))).to.deep.equal({ tag: "IsDirectory", path: "d" });
      expect(left(provider.open("f/x", readWrite))).to.deep.equal({ tag: "NotDirectory", path: "f" });
      expect(left(provider.open("n/x", readWrite))).to.deep.equal({ tag: "NotFound", path: "n" });
    });
  });

  describe("an open file", () => {
    it("reads at offsets, less at the end, nothing past it", () => {
      put("a", "hello world");
      const file = right(provider.open("a", mode({ read: true })));
      const into = new Uint8Array(5);
      expect(right(file.read(0, into))).to.equal(5);
      expect(into).to.deep.equal(bytes("hello"));
      expect(right(file.read(8, into))).to.equal(3);
      expect(into.subarray(0, 3)).to.deep.equal(bytes("rld"));
      expect(right(file.read(11, into))).to.equal(0);
      expect(right(file.read(2 ** 40, into))).to.equal(0);
      expect(right(file.read(0, new Uint8Array(0)))).to.equal(0);
      file.close();
    });

    it("fills a gap with zeros, also after it was cut", () => {
      const file = right(provider.open("a", readWrite));
      right(file.write(bytes("secret"), 0));
      right(file.truncate(1));
      expect(right(file.write(bytes("x"), 4))).to.equal(5);
      expect(whole(file)).to.equal("s\0\0\0x");
      right(file.truncate(7));
      expect(whole(file)).to.equal("s\0\0\0x\0\0");
      file.close();
    });

    it("writes where it is told to, in either mode", () => {
      for (const append of [false, true]) {
        const file = right(provider.open("a", mode({ ...readWrite, append, truncate: true })));
        expect(right(file.write(bytes("one"), null))).to.equal(3);
        expect(right(file.write(bytes("two"), null))).to.equal(6);
        expect(right(file.write(bytes("ON"), 0))).to.equal(2);
        expect(right(file.write(bytes("three"), null))).to.equal(11);
        expect(whole(file)).to.equal("ONetwothree");
        file.close();
      }
    });

    it("appends behind what another handle wrote", () => {
      const [one, two] = [right(provider.open("a", readWrite)), right(provider.open("a", readWrite))];
      right(one.write(bytes("1"), null));
      right(two.write(bytes("2"), null));
      expect(right(one.write(bytes("3"), null))).to.equal(3);
      expect(text("a")).to.equal("123");
      one.close();
      two.close();
    });

    it("keeps a megabyte", () => {
      const file = right(provider.open("a", readWrite));
      const data = new Uint8Array(1 << 20).map((_, i) => i * 31);
      for (let at = 0; at < data.length; at += 100_000)
        right(file.write(data.subarray(at, at + 100_000), at));
      const into = new Uint8Array(data.length);
      expect(right(file.read(0, into))).to.equal(data.length);
      expect(Buffer.compare(into, data)).to.equal(0);
      right(file.sync());
      file.close();
    });

    it("denies what its mode did not ask for", () => {
      put("a", "x");
      const reader = right(provider.open("a", mode({ read: true })));
      const denied = { tag: "Denied", service: "File_system", label: provider.name };
      expect(left(reader.write(bytes("y"), 0))).to.deep.equal({ ...denied, right: "write" });
      expect(left(reader.truncate(0))).to.deep.equal({ ...denied, right: "write" });
      const writer = right(provider.open("a", mode({ write: true })));
      expect(left(writer.read(0, new Uint8Array(1)))).to.deep.equal({ ...denied, right: "read" });
      expect(text("a")).to.equal("x");
      reader.close();
      writer.close();
    });

    it("refuses offsets that count no bytes", () => {
      const file = right(provider.open("a", readWrite));
      for (const offset of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
        expect(leftTag(file.read(offset, new Uint8Array(1)))).to.equal("InvalidArgument");
        expect(leftTag(file.write(bytes("x"), offset))).to.equal("InvalidArgument");
        expect(leftTag(file.truncate(offset))).to.equal("InvalidArgument");
      }
      file.close();
    });

    it("answers Closed after close, which may be repeated", () => {
      const file = right(provider.open("a", readWrite));
      right(file.write(bytes("x"), null));
      file.close();
      file.close();
      const calls = [
        () => file.read(0, new Uint8Array(1)),
        () => file.write(bytes("x"), 0),
        () => file.truncate(0),
        () => file.sync(),
        () => file.stat(),
        () => file.identity(0),
        () => file.path(),
      ];
      for (const call of calls) expect(left<unknown>(call())).to.deep.equal({ tag: "Closed", what: "a" });
    });

    it("stays the file it was when its name is moved, replaced or removed", () => {
      put("a", "first");
      put("b", "second");
      const file = right(provider.open("a", mode({ read: true, write: true })));
      right(provider.move("b", "a"));
      expect(text("a")).to.equal("second");
      right(file.write(bytes("!"), null));
      expect(whole(file)).to.equal("first!");
      right(provider.unlink("a"));
      expect(whole(file)).to.equal("first!");
      file.close();
      expect(right(provider.list(""))).to.deep.equal([]);
    });
  });

  describe("path", () => {
    it("tells where the file stands, whoever has moved it", () => {
      right(provider.mkdir("d"));
      right(provider.mkdir("d/e"));
      put("d/e/a", "1");
      const files = [mode({ read: true }), mode({ write: true, append: true })].map((wanted) =>
        right(provider.open("d/e/a", wanted)),
      );
      const paths = () => files.map((file) => right(file.path()));
      expect(paths()).to.deep.equal(["d/e/a", "d/e/a"]);
      right(provider.move("d/e/a", "b"));
      expect(paths()).to.deep.equal(["b", "b"]);
      right(provider.move("b", "d/e/c"));
      right(provider.move("d/e", "f"));
      expect(paths()).to.deep.equal(["f/c", "f/c"]);
      put("d/g", "");
      right(provider.move("f", "d/f"));
      expect(paths()).to.deep.equal(["d/f/c", "d/f/c"]);
      for (const file of files) file.close();
    });

    it("is none of a file that was removed or replaced, also where another has its name", () => {
      put("a", "1");
      put("b", "2");
      const [a, b] = ["a", "b"].map((path) => right(provider.open(path, mode({ read: true, write: true }))));
      right(provider.unlink("a"));
      expect(right(a!.path())).to.equal(null);
      put("a", "3");
      right(provider.move("a", "b"));
      expect([right(a!.path()), right(b!.path())]).to.deep.equal([null, null]);
      put("a (deleted)", "4");
      expect(right(a!.path())).to.equal(null);
      expect(right(a!.identity(0)).inode).to.not.equal(right(b!.identity(0)).inode);
      right(a!.write(bytes("!"), null));
      expect([whole(a!), whole(b!)]).to.deep.equal(["1!", "2"]);
      a!.close();
      b!.close();
    });
  });

  describe("a file without a name", () => {
    it("is there, where the provider has such files, and nowhere to be seen", () => {
      if (provider.unnamed === undefined) return;
      const file = right(provider.unnamed("was", 4));
      expect(right(file.path())).to.equal(null);
      expect(whole(file)).to.equal("\0\0\0\0");
      right(file.write(bytes("text"), 2));
      expect(whole(file)).to.equal("\0\0text");
      right(file.truncate(3));
      expect(right(file.stat())).to.include({ kind: "file", size: 3 });
      expect(right(provider.list(""))).to.deep.equal([]);
      const other = right(provider.unnamed("was", 0));
      expect(right(other.identity(0)).inode).to.not.equal(right(file.identity(0)).inode);
      other.close();
      file.close();
      expect(left(file.stat())).to.deep.equal({ tag: "Closed", what: "was" });
    });
  });

  describe("identity", () => {
    const identityOf = (path: string, hashUpTo: number) => {
      const file = right(provider.open(path, mode({ write: true })));
      const identity = right(file.identity(hashUpTo));
      file.close();
      return identity;
    };

    it("is the same for an untouched file, through any name", () => {
      put("a", "abc");
      const before = identityOf("a", 3);
      right(provider.move("a", "b"));
      expect(identityOf("b", 3)).to.deep.equal(before);
      expect(before.size).to.equal(3);
      expect(before.modifiedNs).to.match(/^[1-9]\d{17,}$/);
      expect(before.sha256).to.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    });

    it("hashes no further than it is asked to", () => {
      put("a", "abc");
      expect(identityOf("a", 2).sha256).to.equal(null);
      expect(identityOf("a", 0).sha256).to.equal(null);
    });

    it("fault 29: tells a file that was replaced at the same size", () => {
      put("a", "abc");
      const before = identityOf("a", 1000);
      put("b", "abd");
      right(provider.move("b", "a"));
      const now = identityOf("a", 1000);
      expect(now.size).to.equal(before.size);
      expect(now.inode).to.not.equal(before.inode);
      expect(now.sha256).to.not.equal(before.sha256);
    });
  });

  describe("names", () => {
    it("lists sorted, with kinds and sizes", () => {
      for (const name of ["b", "a", "B", "ä", "10", "9"]) put(name, name);
      right(provider.mkdir("c"));
      put("c/deep", "x");
      expect(right(provider.list("")).map((entry) => entry.name)).to.deep.equal([
        "10",
        "9",
        "B",
        "a",
        "b",
        "c",
        "ä",
      ]);
      const listed = right(provider.list("."));
      for (const name of ["ä", "c"]) {
        const { kind, size, modified } = right(provider.stat(name));
        expect(listed).to.deep.include({ name, kind, size, modified });
      }
      expect(right(provider.list("c")).map(({ name, kind, size }) => [name, kind, size])).to.deep.equal([
        ["deep", "file", 1],
      ]);
      expect(leftTag(provider.list("c/deep"))).to.equal("NotDirectory");
      expect(leftTag(provider.list("d"))).to.equal("NotFound");
    });

    it("keeps what stat says true", () => {
      put("a", "abc");
      expect(right(provider.stat("a"))).to.include({ kind: "file", size: 3 });
      expect(right(provider.stat("")).kind).to.equal("directory");
      expect(right(provider.stat("a")).modified).to.be.above(0);
      expect(leftTag(provider.stat("b"))).to.equal("NotFound");
    });

    it("makes and removes", () => {
      right(provider.mkdir("d"));
      expect(leftTag(provider.mkdir("d"))).to.equal("AlreadyExists");
      expect(leftTag(provider.mkdir("x/y"))).to.equal("NotFound");
      put("d/f", "");
      expect(left(provider.unlink("d"))).to.deep.equal({ tag: "NotEmpty", path: "d" });
      right(provider.unlink("d/f"));
      right(provider.unlink("d"));
      expect(leftTag(provider.unlink("d"))).to.equal("NotFound");
    });

    it("moves, replaces, and refuses what can't be", () => {
      right(provider.mkdir("d"));
      right(provider.mkdir("e"));
      put("d/f", "1");
      put("g", "2");
      expect(left(provider.move("n", "m"))).to.deep.equal({ tag: "NotFound", path: "n" });
      expect(leftTag(provider.move("d", "d/x"))).to.equal("InvalidPath");
      expect(left(provider.move("g", "d"))).to.deep.equal({ tag: "IsDirectory", path: "d" });
      expect(left(provider.move("d", "g"))).to.deep.equal({ tag: "NotDirectory", path: "g" });
      expect(left(provider.move("e", "d"))).to.deep.equal({ tag: "NotEmpty", path: "d" });
      right(provider.move("g", "g"));
      right(provider.move("d", "e"));
      right(provider.move("g", "e/f"));
      expect(text("e/f")).to.equal("2");
      expect(right(provider.list("")).map((entry) => entry.name)).to.deep.equal(["e"]);
    });

    it("fault 20: refuses every path that is not plain names", () => {
      put("a", "");
      const paths = ["/a", "/", "//", "..", "../a", "a/../a", "./a", "a/", "a//b", "a/.", "a\0", "\ud800"];
      for (const path of [...paths, "x".repeat(256), "é".repeat(128), "x/".repeat(2048) + "x"]) {
        const calls = [
          () => provider.open(path, readWrite),
          () => provider.stat(path),
          () => provider.list(path),
          () => provider.mkdir(path),
          () => provider.unlink(path),
          () => provider.move(path, "b"),
          () => provider.move("a", path),
          () => provider.watch(path, () => {}),
        ];
        for (const call of calls) expect(leftTag<unknown>(call())).to.equal("InvalidPath");
      }
      for (const root of ["", "."]) {
        expect(leftTag(provider.open(root, readWrite))).to.equal("InvalidPath");
        expect(leftTag(provider.mkdir(root))).to.equal("InvalidPath");
        expect(leftTag(provider.unlink(root))).to.equal("InvalidPath");
        expect(leftTag(provider.move("a", root))).to.equal("InvalidPath");
      }
      expect(right(provider.list("")).length).to.equal(1);
    });

    it("takes names that only look dangerous", () => {
      for (const name of ["...", "..a", " ", "a\\b", "\n", "%2e%2e", "-rf", "x".repeat(255)]) {
        put(name, name);
        expect(text(name)).to.equal(name);
        right(provider.unlink(name));
      }
    });
  });

  describe("watch", () => {
    const change = (path: string, cause: () => void): Promise<void> =>
      new Promise((resolve) => {
        let inside = true;
        const stop = right(
          provider.watch(path, () => {
            expect(inside).to.equal(false);
            stop();
            resolve();
          }),
        );
        cause();
        inside = false;
      });

    it("hears of a file's change, removal and first appearance", async () => {
      put("a", "1");
      await change("a", () => put("a", "2"));
      await change("a", () => right(provider.unlink("a")));
      await change("a", () => put("a", "3"));
    });

    it("hears of a file that is replaced", async () => {
      put("a", "1");
      put("b", "2");
      await change("a", () => right(provider.move("b", "a")));
    });

    it("hears of a directory's entries", async () => {
      right(provider.mkdir("d"));
      await change("d", () => put("d/x", ""));
      await change("", () => put("y", ""));
      await change(".", () => right(provider.move("y", "d/y")));
    });

    it("hears that the directory itself has gone, and that it is there", async () => {
      right(provider.mkdir("d"));
      await change("d", () => right(provider.unlink("d")));
      await change("d", () => right(provider.mkdir("d")));
      await change("d", () => right(provider.move("d", "e")));
    });

    it("says nothing of other names, and nothing after its end", async () => {
      put("a", "1");
      let heard = 0;
      const stop = right(provider.watch("a", () => (heard += 1)));
      // The witness is told of the same events, later, so what `a` could have heard has been heard.
      await change("", () => put("b", "2"));
      expect(heard).to.equal(0);
      stop();
      await change("", () => put("a", "2"));
      expect(heard).to.equal(0);
    });

    it("needs the directory", () => {
      expect(leftTag(provider.watch("d/x", () => {}))).to.equal("NotFound");
      put("f", "");
      expect(leftTag(provider.watch("f/x", () => {}))).to.equal("NotDirectory");
    });
  });

  it("answers Closed after its own close", () => {
    provider.close();
    expect(leftTag(provider.open("a", readWrite))).to.equal("Closed");
    expect(leftTag(provider.list(""))).to.equal("Closed");
  });
};
