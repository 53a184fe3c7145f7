// A right scenario file, and what its parts become.

import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { renderDiagnostic } from "../../runtime/diagnostic.ts";
import { parseScenario } from "../../runtime/scenario/parse-scenario.ts";
import type { Scenario } from "../../runtime/scenario/scenario.ts";
import { resolveImage } from "../../runtime/scenario/schema-path.ts";
import type { Step } from "../../runtime/scenario/schema-step.ts";
import { changed, EXAMPLE } from "./example.ts";

const parsed = (text: string): Scenario => {
  const result = parseScenario(text, "/there/scenarios/counter.yaml");
  if (E.isLeft(result)) throw new Error(result.left.map(renderDiagnostic).join("\n"));
  return result.right;
};

/** A scenario with these steps, on two hosts. */
const steps = (...lines: readonly string[]): readonly Step[] =>
  parsed(
    `scenario: steps
hosts:
  left: { files: { data: { memory: true } }, gates: { line: { queue: true } }, roms: { banner: { text: a } } }
  right:
    files: { data: { memory: true }, more: { memory: true } }
    roms: { banner: { text: a } }
start:
  child: { component: child.ts }
  spare: { component: child.ts, later: true }
steps:
${lines.map((line) => `  - ${line}\n`).join("")}`,
  ).steps ?? [];

const GATE_RIGHTS = ["send", "receive"];

const bare = ({ at: _at, source: _source, ...step }: Step): object => step;

describe("scenario: a file that is right", () => {
  it("reads hosts, entries and steps", () => {
    const scenario = parsed(EXAMPLE);
    expect(scenario).to.deep.include({
      file: "/there/scenarios/counter.yaml",
      directory: "/there/scenarios",
      title: "a counter survives being frozen",
    });
    const [host] = scenario.hosts;
    expect(scenario.hosts).to.have.length(1);
    expect(host).to.deep.include({ name: "here", ram: 64 * 1024 ** 2, caps: 1000, trust: [] });
    expect({ ...host?.files }).to.deep.equal({
      data: { kind: "directory", path: "/there/scenarios/data", rights: ["read", "write", "create"] },
    });
    expect({ ...host?.gates }).to.deep.equal({
      line: { kind: "queue", rights: ["send", "receive"] },
      wire: {
        kind: "tcp",
        host: "127.0.0.1",
        port: 7000,
        listen: false,
        framing: "line",
        rights: ["send", "receive"],
      },
    });
    expect({ ...host?.roms }).to.deep.equal({ banner: { kind: "text", text: "hello" } });
    expect(scenario.start).to.deep.equal([
      {
        name: "counter",
        component: "/there/components/counter.ts",
        on: "here",
        ram: 8 * 1024 ** 2,
        caps: 100,
        config: { upTo: 10 },
        routes: [
          { service: "LOG" },
          { service: "Timer" },
          { service: "File_system", label: "data", to: "data" },
        ],
        later: false,
        turn: 3000,
        restart: null,
        checkpoint: {},
        disk: null,
        log: 32 << 20,
        at: { line: 14, column: 3 },
      },
      {
        name: "spare",
        component: "/there/components/counter.ts",
        on: "here",
        ram: 8 * 1024 ** 2,
        caps: 100,
        config: {},
        routes: [],
        later: true,
        turn: 3000,
        restart: null,
        checkpoint: {},
        disk: null,
        log: 32 << 20,
        at: { line: 24, column: 3 },
      },
    ]);
    expect(scenario.steps?.map(({ step }) => step)).to.deep.equal([
      "until",
      "freeze",
      "revive",
      "until",
      "expect",
      "expect",
    ]);
    expect(scenario.steps?.[0]).to.deep.equal({
      step: "until",
      child: "counter",
      event: { kind: "log", matches: { kind: "whole", text: "count 3" } },
      within: 10_000,
      at: { line: 28, column: 5 },
      source: 'until: { child: counter, log: "count 3", within: 10s }',
    });
  });

  it("has one host, named here, where none is named", () => {
    const { hosts, steps: none } = parsed("scenario: x\nstart: { a: { component: a.ts } }\n");
    expect(hosts.map(({ name, ram, caps }) => ({ name, ram, caps }))).to.deep.equal([
      { name: "here", ram: 256 * 1024 ** 2, caps: 10_000 },
    ]);
    expect(none).to.equal(null);
  });

  it("reads how much is kept, and how often: of a host, and of an entry", () => {
    const scenario = parsed(
      "scenario: a\nhosts:\n  here: { checkpoint: { turns: 500, every: 10s } }\n" +
        "start:\n  child: { component: c.ts, checkpoint: { bytes: 64k }, disk: 1M, log: 8k }\n",
    );
    expect(scenario.hosts[0]?.checkpoint).to.deep.equal({ turns: 500, every: 10_000 });
    expect(scenario.start[0]).to.deep.include({ checkpoint: { bytes: 65_536 }, disk: 1 << 20, log: 8192 });
  });

  it("reads a restart policy", () => {
    const [child] = parsed(
      "scenario: a\nstart:\n  child: { component: c.ts, restart: { most: 3, within: 10s } }\n",
    ).start;
    expect(child?.restart).to.deep.equal({ most: 3, within: 10_000 });
  });

  it("takes a host without a word about it, and starts on the first", () => {
    const { hosts, start } = parsed(
      "scenario: x\nhosts:\n  one:\n  two: {}\nstart: { a: { component: a.ts }, b: { component: a.ts, on: two } }\n",
    );
    expect(hosts.map(({ name }) => name)).to.deep.equal(["one", "two"]);
    expect(start.map(({ on }) => on)).to.deep.equal(["one", "two"]);
  });

  it("reads providers of every kind, with all rights where none are named", () => {
    const [host] = parsed(`scenario: x
hosts:
  here:
    files:
      notes: { memory: true, content: { "a/b.txt": text, c: 7 } }
      shut: { memory: true, rights: [] }
      mixed: { directory: /abs, rights: [list, read, read] }
    gates:
      six: { tcp: "[::1]:80", framing: length }
      door: { tcp: "0.0.0.0:7000", listen: true, framing: raw, rights: [receive] }
      pipe: { unix: ../run/s.sock }
      hatch: { unix: /run/h.sock, listen: true, framing: length }
      web: { http: "http://localhost:8080" }
      plain: { http: "http://[::1]/", rights: [send, receive] }
      safe: { http: "https://a.example", ca: ../ca.pem, message: 4M, within: 10s, retry: { tries: 2 } }
      pair: { tcp: "127.0.0.1:7001", peer: cryonode, patience: 1m, unread: { messages: 10, bytes: 64k } }
      home: { unix: /run/p.sock, listen: true, peer: cryonode, waiting: 0, message: 2M }
      slow: { tcp: "127.0.0.1:7002", peer: foreign, retry: { first: 1s, longest: 1m, connect: 500ms } }
      short: { queue: true, unread: { messages: 2, bytes: 100 } }
    roms:
      table: { json: [1, { a: null }] }
      file: { file: ../x.txt }
    trust: ["ed25519:${"A".repeat(43)}="]
start: {}
`).hosts;
    expect({ ...host?.files }).to.deep.equal({
      notes: {
        kind: "memory",
        content: Object.assign(Object.create(null), { "a/b.txt": "text", c: "7" }),
        rights: ["read", "write", "create", "remove", "list"],
      },
      shut: { kind: "memory", content: Object.create(null), rights: [] },
      mixed: { kind: "directory", path: "/abs", rights: ["read", "list"] },
    });
    expect({ ...host?.gates }).to.deep.equal({
      six: { kind: "tcp", host: "::1", port: 80, listen: false, framing: "length", rights: GATE_RIGHTS },
      door: {
        kind: "tcp",
        host: "0.0.0.0",
        port: 7000,
        listen: true,
        framing: "raw",
        rights: ["receive"],
      },
      pipe: { kind: "unix", path: "/there/run/s.sock", listen: false, framing: "line", rights: GATE_RIGHTS },
      hatch: { kind: "unix", path: "/run/h.sock", listen: true, framing: "length", rights: GATE_RIGHTS },
      web: { kind: "http", host: "localhost", port: 8080, secure: false, rights: GATE_RIGHTS },
      plain: { kind: "http", host: "::1", port: 80, secure: false, rights: GATE_RIGHTS },
      safe: {
        kind: "http",
        host: "a.example",
        port: 443,
        secure: true,
        rights: GATE_RIGHTS,
        ca: "/there/ca.pem",
        message: 4 * 1024 ** 2,
        within: 10_000,
        retry: { tries: 2 },
      },
      pair: {
        kind: "tcp",
        host: "127.0.0.1",
        port: 7001,
        listen: false,
        framing: "cryonode",
        rights: GATE_RIGHTS,
        patience: 60_000,
        unread: { messages: 10, bytes: 65_536 },
      },
      home: {
        kind: "unix",
        path: "/run/p.sock",
        listen: true,
        framing: "cryonode",
        rights: GATE_RIGHTS,
        waiting: 0,
        message: 2 * 1024 ** 2,
      },
      slow: {
        kind: "tcp",
        host: "127.0.0.1",
        port: 7002,
        listen: false,
        framing: "line",
        rights: GATE_RIGHTS,
        retry: { first: 1000, longest: 60_000, connect: 500 },
      },
      short: { kind: "queue", rights: GATE_RIGHTS, unread: { messages: 2, bytes: 100 } },
    });
    expect({ ...host?.roms }).to.deep.equal({
      table: { kind: "json", json: [1, { a: null }] },
      file: { kind: "file", path: "/there/x.txt" },
    });
    expect(host?.trust).to.deep.equal([`ed25519:${"A".repeat(43)}=`]);
  });

  it("looks names up without a prototype's", () => {
    expect(parsed(EXAMPLE).hosts[0]?.files["constructor"]).to.equal(undefined);
  });

  it("reads what a route says about its session", () => {
    const [, entry] = parsed(
      changed(
        "    later: true\n",
        `    routes:
      - { service: File_system, to: data, rights: [read], policy: rebind }
      - { service: Gate, to: line, rights: [receive] }
      - { service: Timer, deadline: wall }
      - { service: Report, label: stats, to: figures }
      - { service: Report, label: own }
      - { service: ROM, label: in, report: figures }
      - { service: ROM, report: own }
`,
      ),
    ).start;
    expect(entry?.routes).to.deep.equal([
      { service: "File_system", to: "data", rights: ["read"], policy: "rebind" },
      { service: "Gate", to: "line", rights: ["receive"] },
      { service: "Timer", deadline: "wall" },
      { service: "Report", label: "stats", report: "figures" },
      { service: "Report", label: "own" },
      { service: "ROM", label: "in", report: "figures" },
      { service: "ROM", report: "own" },
    ]);
  });

  it("reads every step", () => {
    expect(
      steps(
        "start: spare",
        'until: { child: child, fault: "/at \\\\d+/", within: 500ms }',
        "until: { child: child, fault: true }",
        "freeze: { child: child, image: ./a.cryo }",
        "revive: { image: ./a.cryo, on: right, as: spare }",
        "checkpoint: { child: spare, image: b, within: 2s }",
        "freeze: { children: [child, spare], image: c, within: 1s }",
        "revive: { image: c }",
        "checkpoint: { children: [spare], image: d }",
        "revive: { image: d, as: { spare: child } }",
        "kill: { child: spare }",
        "send: { gate: line, text: hello }",
        "rom: { name: banner, text: 7 }",
        "rom: { name: banner, json: { a: 7 }, on: right }",
        'write: { file: data/a/b, text: "" }',
        "remove: { file: more/x }",
      ).map(bare),
    ).to.deep.equal([
      { step: "start", child: "spare" },
      {
        step: "until",
        child: "child",
        event: { kind: "fault", matches: { kind: "pattern", pattern: /at \d+/ } },
        within: 500,
      },
      { step: "until", child: "child", event: { kind: "fault", matches: null }, within: 10_000 },
      { step: "freeze", key: "child", children: ["child"], image: "./a.cryo" },
      { step: "revive", image: "./a.cryo", on: "right", as: "spare" },
      { step: "checkpoint", key: "child", children: ["spare"], image: "b", within: 2000 },
      { step: "freeze", key: "children", children: ["child", "spare"], image: "c", within: 1000 },
      { step: "revive", image: "c" },
      { step: "checkpoint", key: "children", children: ["spare"], image: "d" },
      { step: "revive", image: "d", as: { spare: "child" } },
      { step: "kill", child: "spare" },
      { step: "send", on: "left", gate: "line", text: "hello" },
      { step: "rom", on: "left", name: "banner", content: { kind: "text", text: "7" } },
      { step: "rom", on: "right", name: "banner", content: { kind: "json", json: { a: 7 } } },
      { step: "write", on: "left", file: { provider: "data", path: "a/b" }, text: "" },
      { step: "remove", on: "right", file: { provider: "more", path: "x" } },
    ]);
  });

  it("reads every expectation", () => {
    const hash = "0123456789abcdef".repeat(4);
    expect(
      steps(
        "kill: { child: child }",
        "expect: { error: kill }",
        "expect: { denied: child, service: Counter }",
        "expect: { error: kill, matches: /gone/ }",
        "expect: { file: data/a, text: /not a pattern/ }",
        `expect: { file: data/a, on: right, sha256: ${hash.toUpperCase()} }`,
        'expect: { file: data/a, lines: [1.0, 007, "...", true, ""] }',
        "expect: { log: child, lines: [] }",
        "expect: { gate: line, sent: hello }",
        "expect: { exit: child, code: 255 }",
        "expect: { fault: child }",
        "expect: { fault: child, matches: whole }",
      )
        .slice(1)
        .map((step) => (step.step === "expect" ? step.expect : null)),
    ).to.deep.equal([
      { kind: "error", step: "kill", matches: null },
      { kind: "denied", child: "child", service: "Counter" },
      { kind: "error", step: "kill", matches: { kind: "pattern", pattern: /gone/ } },
      {
        kind: "file",
        on: "left",
        file: { provider: "data", path: "a" },
        content: { kind: "text", text: "/not a pattern/" },
      },
      {
        kind: "file",
        on: "right",
        file: { provider: "data", path: "a" },
        content: { kind: "sha256", sha256: hash },
      },
      {
        kind: "file",
        on: "left",
        file: { provider: "data", path: "a" },
        content: {
          kind: "lines",
          lines: [
            { kind: "line", text: "1.0" },
            { kind: "line", text: "007" },
            { kind: "any" },
            { kind: "line", text: "true" },
            { kind: "line", text: "" },
          ],
        },
      },
      { kind: "log", child: "child", lines: [] },
      { kind: "gate", on: "left", gate: "line", sent: [{ kind: "line", text: "hello" }] },
      { kind: "exit", child: "child", code: 255 },
      { kind: "fault", child: "child", matches: null },
      { kind: "fault", child: "child", matches: { kind: "whole", text: "whole" } },
    ]);
  });

  it("shows a step on one line, however it was written", () => {
    const [step] = steps("until:\n      child: child\n      exit: 0");
    expect(step?.source).to.equal("until: child: child exit: 0");
  });

  it("lets an image of another run bring a child of its own", () => {
    const read = steps(
      "revive: { image: elsewhere.cryo }",
      "expect: { denied: foreigner, service: LOG }",
      "revive: { image: elsewhere.cryo, as: nobody }",
      "expect: { error: revive }",
      "expect: { denied: nobody, service: LOG }",
    );
    expect(read).to.have.length(5);
  });

  it("takes anchors and aliases", () => {
    const { start } = parsed(
      "scenario: x\nstart:\n  a: &a { component: a.ts, routes: [{ service: LOG }] }\n  b: *a\n",
    );
    expect(start[1]).to.deep.include({ name: "b", routes: [{ service: "LOG" }] });
  });

  it("finds images by bare name in the state directory, by path from the scenario", () => {
    expect(resolveImage("a.cryo", "/state", "/there")).to.equal("/state/a.cryo");
    expect(resolveImage("./a.cryo", "/state", "/there")).to.equal("/there/a.cryo");
    expect(resolveImage("/x/a.cryo", "/state", "/there")).to.equal("/x/a.cryo");
  });
});
