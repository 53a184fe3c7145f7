// One slip each in a right scenario file: where it is reported, and in which words.

import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { renderDiagnostic } from "../../runtime/diagnostic.ts";
import { parseScenario } from "../../runtime/scenario/parse-scenario.ts";
import { changed, EXAMPLE } from "./example.ts";

const PEER = `{ name: west, address: "10.0.0.1:7000", key: "ed25519:${"A".repeat(43)}" }`;

const refusals = (text: string): readonly string[] => {
  const result = parseScenario(text, "c.yaml");
  return E.isLeft(result) ? result.left.map(renderDiagnostic) : [];
};

type Row = readonly [from: string, to: string, ...expected: string[]];

const UNTIL = '  - until: { child: counter, log: "count 3", within: 10s }\n';
const STEPS = "until, start, freeze, revive, checkpoint, migrate, kill, send, rom, write, remove";

/** In place of the first step, so that its line is 28. */
const step = (text: string, ...expected: string[]): Row => [UNTIL, `  - ${text}\n`, ...expected];
/** In place of the second gate, in line 10. */
const gate = (text: string, ...expected: string[]): Row => [
  '{ tcp: "127.0.0.1:7000", framing: line }',
  text,
  ...expected,
];
/** In place of the first route, in line 21. */
const route = (text: string, ...expected: string[]): Row => [
  "      - { service: LOG }\n",
  `      - ${text}\n`,
  ...expected,
];

const TABLES: Readonly<Record<string, readonly Row[]>> = {
  "the file": [
    [
      "scenario: a",
      "scenarío: a",
      'c.yaml:1:1: unknown key "scenarío" in the file; expected scenario, start, hosts or steps; did you mean "scenario"?',
    ],
    [
      "scenario: a counter survives being frozen\n",
      "",
      "c.yaml:1:1: the file has no key scenario; expected the keys scenario, start",
    ],
    [
      "scenario: a counter survives being frozen",
      "scenario:",
      "c.yaml:1:10: scenario is empty; expected a text that is not empty",
    ],
    [
      "hosts:\n",
      "host:\n",
      'c.yaml:2:1: unknown key "host" in the file; expected scenario, start, hosts or steps; did you mean "hosts"?',
    ],
  ],
  "the hosts": [
    [
      "ram: 64M",
      "ram: 64MB",
      'c.yaml:4:10: hosts.here.ram is "64MB"; expected a size such as 64M, or whole bytes; did you mean "64M"?',
    ],
    ["ram: 64M", "ram: -1", "c.yaml:4:10: hosts.here.ram is -1; expected a size such as 64M, or whole bytes"],
    [
      "ram: 64M",
      "ram: [64M]",
      "c.yaml:4:10: hosts.here.ram is a list; expected a size such as 64M, or whole bytes",
    ],
    [
      "    ram: 64M",
      "    rom: 64M",
      'c.yaml:4:5: unknown key "rom" in hosts.here; expected ram, caps, files, gates, roms, trust, peers, epochs, encrypt, checkpoint or rest; did you mean "ram"?',
    ],
    [
      "caps: 1000",
      "caps: many",
      'c.yaml:5:11: hosts.here.caps is "many"; expected a whole number from 1 to 1000000000',
    ],
    [
      "caps: 1000",
      "caps: 1.5",
      "c.yaml:5:11: hosts.here.caps is 1.5; expected a whole number from 1 to 1000000000",
    ],
    [
      "[read, write, create]",
      "[reed, write, delete]",
      'c.yaml:7:43: hosts.here.files.data.rights[0] is "reed"; expected read, write, create, remove or list; did you mean "read"?',
      'c.yaml:7:56: hosts.here.files.data.rights[2] is "delete"; expected read, write, create, remove or list',
    ],
    [
      "directory: ./data",
      'directory: ""',
      'c.yaml:7:26: hosts.here.files.data.directory is ""; expected a path, relative to this file',
    ],
    [
      "directory: ./data",
      "directory: ./data, memory: true",
      "c.yaml:7:34: hosts.here.files.data has both directory and memory; expected one of directory, memory",
    ],
    [
      "directory: ./data, ",
      "",
      "c.yaml:7:7: hosts.here.files.data has none of directory, memory; expected one of them",
    ],
    ["queue: true", "queue: false", "c.yaml:9:22: hosts.here.gates.line.queue is false; expected true"],
    [
      '"127.0.0.1:7000"',
      "127.0.0.1",
      'c.yaml:10:20: hosts.here.gates.wire.tcp is "127.0.0.1"; expected HOST:PORT with a port from 1 to 65535',
    ],
    [
      '"127.0.0.1:7000"',
      '"127.0.0.1:70000"',
      'c.yaml:10:20: hosts.here.gates.wire.tcp is "127.0.0.1:70000"; expected HOST:PORT with a port from 1 to 65535',
    ],
    [
      "framing: line",
      "framing: lines",
      'c.yaml:10:47: hosts.here.gates.wire.framing is "lines"; expected line, length or raw; did you mean "line"?',
    ],
    gate(
      '{ listen: "127.0.0.1:7000", framing: line }',
      'c.yaml:10:15: hosts.here.gates.wire has listen in place of a kind of gate; expected { tcp: "127.0.0.1:7000", listen: true }',
    ),
    gate(
      "{ listen: ./a.sock }",
      "c.yaml:10:15: hosts.here.gates.wire has listen in place of a kind of gate; expected { unix: ./a.sock, listen: true }",
    ),
    gate(
      "{ unixListen: ./a.sock }",
      "c.yaml:10:15: hosts.here.gates.wire has unixListen in place of a kind of gate; expected { unix: ./a.sock, listen: true }",
    ),
    gate(
      "{ framing: line, listen: true }",
      'c.yaml:10:30: hosts.here.gates.wire has listen in place of a kind of gate; expected { tcp: "HOST:PORT", listen: true }',
    ),
    gate(
      '{ tcp: "127.0.0.1:7000", listen: "127.0.0.1:7000" }',
      'c.yaml:10:46: hosts.here.gates.wire.listen is "127.0.0.1:7000"; expected true',
    ),
    gate(
      '{ tcp: "127.0.0.1:7000", lissen: true }',
      'c.yaml:10:38: unknown key "lissen" in hosts.here.gates.wire; expected tcp, listen, framing, peer, message, unread, retry, waiting, patience, rights or elsewhere; did you mean "listen"?',
    ),
    gate(
      "{ unx: ./a.sock }",
      'c.yaml:10:15: unknown key "unx" in hosts.here.gates.wire; expected queue, tcp, unix or http; did you mean "unix"?',
    ),
    gate(
      '{ unix: "" }',
      'c.yaml:10:21: hosts.here.gates.wire.unix is ""; expected a path, relative to this file',
    ),
    gate(
      '{ unix: "/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" }',
      'c.yaml:10:21: hosts.here.gates.wire.unix is "/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"; expected a path of at most 107 bytes, as the system sets for sockets; /xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx has 108',
    ),
    gate(
      '{ http: "http://127.0.0.1:8080/api" }',
      'c.yaml:10:21: hosts.here.gates.wire.http is "http://127.0.0.1:8080/api"; expected http://HOST, https://HOST, or one with :PORT, with nothing behind it; did you mean "http://127.0.0.1:8080"?',
    ),
    gate(
      '{ http: "127.0.0.1:8080" }',
      'c.yaml:10:21: hosts.here.gates.wire.http is "127.0.0.1:8080"; expected http://HOST, https://HOST, or one with :PORT, with nothing behind it; did you mean "http://127.0.0.1:8080"?',
    ),
    gate(
      '{ http: "https://a.example/v1" }',
      'c.yaml:10:21: hosts.here.gates.wire.http is "https://a.example/v1"; expected http://HOST, https://HOST, or one with :PORT, with nothing behind it; did you mean "https://a.example"?',
    ),
    gate(
      '{ http: "http://127.0.0.1:8080", framing: line }',
      'c.yaml:10:46: unknown key "framing" in hosts.here.gates.wire; expected http, message, unread, retry, within, ca or rights',
    ),
    gate(
      '{ http: "http://127.0.0.1:8080", listen: true }',
      'c.yaml:10:46: unknown key "listen" in hosts.here.gates.wire; expected http, message, unread, retry, within, ca or rights',
    ),
    gate(
      '{ tcp: "127.0.0.1:7000", peer: cryonod }',
      'c.yaml:10:44: hosts.here.gates.wire.peer is "cryonod"; expected foreign or cryonode; did you mean "cryonode"?',
    ),
    gate(
      '{ tcp: "127.0.0.1:7000", peer: cryonode, framing: line }',
      "c.yaml:10:54: hosts.here.gates.wire: framing stands beside peer: cryonode; expected one of them, as two Cryonode ends frame their messages themselves",
    ),
    gate(
      "{ unix: ./a.sock, waiting: 3 }",
      "c.yaml:10:31: hosts.here.gates.wire: waiting is about peers that call; expected it beside listen: true",
    ),
    gate(
      "{ unix: ./a.sock, patience: 3s }",
      "c.yaml:10:31: hosts.here.gates.wire: patience is how long a call waits for the other side; expected it beside listen: true or peer: cryonode",
    ),
    gate(
      '{ tcp: "127.0.0.1:7000", message: 1G }',
      'c.yaml:10:47: hosts.here.gates.wire.message is "1G"; expected a size such as 64k, at most 64M',
    ),
    gate(
      '{ tcp: "127.0.0.1:7000", unread: { messages: 0, bytes: 1M } }',
      "c.yaml:10:58: hosts.here.gates.wire.unread.messages is 0; expected a whole number from 1 to 1000000",
    ),
    gate(
      '{ tcp: "127.0.0.1:7000", unread: { messages: 5 } }',
      "c.yaml:10:38: hosts.here.gates.wire.unread has no key bytes; expected the keys messages, bytes",
    ),
    gate(
      '{ tcp: "127.0.0.1:7000", retry: { tries: 5, last: 1s } }',
      'c.yaml:10:57: unknown key "last" in hosts.here.gates.wire.retry; expected tries, first, longest or connect',
    ),
    gate(
      '{ tcp: "127.0.0.1:7000", retry: { first: 5x } }',
      'c.yaml:10:54: hosts.here.gates.wire.retry.first is "5x"; expected a time such as 500ms, 10s or 2m, at most 24 days',
    ),
    gate(
      '{ http: "http://a", within: 0 }',
      "c.yaml:10:41: hosts.here.gates.wire.within is 0; expected a time such as 500ms, 10s or 2m, at most 24 days",
    ),
    gate(
      "{ queue: true, unread: { messages: 5, bytes: 2G } }",
      'c.yaml:10:58: hosts.here.gates.wire.unread.bytes is "2G"; expected a size such as 64k, at most 1G',
    ),
    gate(
      '{ tcp: "127.0.0.1:7000", unix: ./a.sock }',
      "c.yaml:10:38: hosts.here.gates.wire has both tcp and unix; expected one of queue, tcp, unix, http",
    ),
    [
      "{ text: hello }",
      "{ txt: hello }",
      'c.yaml:12:17: unknown key "txt" in hosts.here.roms.banner; expected text, json or file; did you mean "text"?',
    ],
    [
      "{ text: hello }",
      "hello",
      'c.yaml:12:15: hosts.here.roms.banner is "hello"; expected a ROM, with the key text, json or file',
    ],
    [
      "      banner:",
      "      ban/ner:",
      'c.yaml:12:7: the name "ban/ner" stands here; expected a name: up to 64 letters, digits, _ - and ., beginning with a letter, a digit or _',
    ],
    [
      "    roms:\n",
      "    checkpoint: { bytes: 2G }\n    roms:\n",
      'c.yaml:11:26: hosts.here.checkpoint.bytes is "2G"; expected a size such as 512k, at most 1G',
    ],
    [
      "    roms:\n",
      "    trust: [rsa]\n    roms:\n",
      'c.yaml:11:13: hosts.here.trust[0] is "rsa"; expected a public key, ed25519:…, as `cryonode key` prints it',
    ],
    [
      "    roms:\n",
      `    peers: [${PEER}, { name: east, address: "10.0.0.2:7000", key: "ed25519:${"A".repeat(43)}" }]\n    roms:\n`,
      "c.yaml:11:160: hosts.here.peers[1]: east has the key of west; expected each host once, with what `cryonode key` prints there",
    ],
    [
      "    roms:\n",
      `    peers: [${PEER}, { name: west, address: "10.0.0.2:7000", key: "ed25519:${"B".repeat(43)}" }]\n    roms:\n`,
      "c.yaml:11:123: hosts.here.peers[1]: west is named twice; expected a name for each peer",
    ],
    [
      "    roms:\n",
      `    peers: [${PEER.replace("7000", "70000")}]\n    roms:\n`,
      'c.yaml:11:36: hosts.here.peers[0].address is "10.0.0.1:70000"; expected an address, HOST:PORT',
    ],
  ],
  "the start entries": [
    [
      "    component: ../components/counter.ts\n    on: here",
      "    componnent: ../components/counter.ts\n    on: here",
      'c.yaml:15:5: unknown key "componnent" in start.counter; expected component, on, ram, caps, config, routes, later, turn, restart, checkpoint, disk, log, rest or count; did you mean "component"?',
    ],
    [
      "    component: ../components/counter.ts\n    on: here",
      "    on: here",
      "c.yaml:14:3: start.counter has no key component; expected the key component",
    ],
    [
      "on: here",
      "on: her",
      'c.yaml:16:9: start.counter.on names "her"; expected a host: here; did you mean "here"?',
    ],
    [
      "ram: 8M",
      "ram: 2M",
      'c.yaml:17:10: start.counter.ram is "2M"; expected at least 3M: a protection domain needs 3M',
    ],
    [
      "ram: 8M",
      "ram: 60M",
      "c.yaml:24:3: start.spare.ram is 8M; expected no more than its host has: 4M of the 64M of host here is left",
    ],
    [
      "ram: 8M",
      "ram: 65M",
      "c.yaml:17:10: start.counter.ram is 65M; expected no more than its host has: 64M of the 64M of host here is all there is",
    ],
    [
      "caps: 100\n",
      "caps: 901\n",
      "c.yaml:24:3: start.spare.caps is 100; expected no more than its host has: 99 of the 1000 of host here is left",
    ],
    ["later: true", "later: yes", 'c.yaml:26:12: start.spare.later is "yes"; expected true or false'],
    [
      "later: true",
      "turn: 3 sec",
      'c.yaml:26:11: start.spare.turn is "3 sec"; expected a time such as 500ms, 10s or 2m, at most 24 days; did you mean "3s"?',
    ],
    [
      "later: true",
      "checkpoint: { every: 0s }",
      'c.yaml:26:26: start.spare.checkpoint.every is "0s"; expected a time such as 500ms, 10s or 2m, at most 24 days',
    ],
    [
      "later: true",
      "checkpoint: { turn: 5 }",
      'c.yaml:26:19: unknown key "turn" in start.spare.checkpoint; expected turns, bytes or every; did you mean "turns"?',
    ],
    [
      "later: true",
      "checkpoint: { turns: many }",
      'c.yaml:26:26: start.spare.checkpoint.turns is "many"; expected a whole number from 1 to 1000000',
    ],
    [
      "later: true",
      "disk: 1k",
      'c.yaml:26:11: start.spare.disk is "1k"; expected a size such as 16M, at least 64k',
    ],
    [
      "later: true",
      "log: 1k",
      'c.yaml:26:10: start.spare.log is "1k"; expected a size such as 32M, at least 4k',
    ],
    [
      "config: { upTo: 10 }",
      "config: { upTo: .nan }",
      "c.yaml:19:21: .nan is no value that JSON keeps; expected it in quotes, as a text",
    ],
  ],
  routes: [
    route(
      "LOG",
      'c.yaml:21:9: start.counter.routes[0] is "LOG"; expected a route, with the keys service, label, to, report, rights, policy, deadline, delivery',
    ),
    route(
      "{ label: a }",
      "c.yaml:21:9: start.counter.routes[0] has no key service; expected the key service",
    ),
    route(
      "{ service: FileSystem }",
      'c.yaml:21:20: start.counter.routes[0].service is "FileSystem"; expected LOG, Timer, ROM, Report, File_system or Gate; did you mean "File_system"?',
    ),
    route(
      "{ service: Counter }",
      'c.yaml:21:20: start.counter.routes[0].service is "Counter"; expected LOG, Timer, ROM, Report, File_system or Gate, or with to: { child: NAME } what that child announces',
    ),
    route(
      "{ service: File_system, to: dta }",
      'c.yaml:21:37: start.counter.routes[0].to names "dta"; expected a file provider of host here: data; did you mean "data"?',
    ),
    route(
      "{ service: File_system, to: line }",
      'c.yaml:21:37: "line" is a gate provider of host here; expected a file provider',
    ),
    route(
      "{ service: Gate, label: lime }",
      'c.yaml:21:33: start.counter.routes[0].label names "lime"; expected a gate provider of host here: line or wire; did you mean "line"?',
    ),
    route(
      "{ service: ROM, to: baner }",
      'c.yaml:21:29: start.counter.routes[0].to names "baner"; expected a ROM of host here: banner; did you mean "banner"?',
    ),
    route(
      "{ service: ROM, report: stats }",
      'c.yaml:21:33: start.counter.routes[0].report names "stats"; expected a name that a Report route publishes, but there is none',
    ),
    route(
      "{ service: Counter, to: { child: spear } }",
      'c.yaml:21:42: start.counter.routes[0].to.child names "spear"; expected a start entry: counter or spare; did you mean "spare"?',
    ),
    route(
      "{ service: Counter, to: { child: spare }, local: maybe }",
      'c.yaml:21:58: start.counter.routes[0].local is "maybe"; expected true or false',
    ),
    route(
      "{ service: Counter, to: { child: spare }, patience: soon }",
      'c.yaml:21:61: start.counter.routes[0].patience is "soon"; expected a whole number from 0 to 86400000',
    ),
    route(
      "{ service: Counter, to: { child: spare }, rights: [read] }",
      'c.yaml:21:51: unknown key "rights" in start.counter.routes[0]; expected service, to, label, patience or local',
    ),
    route(
      "{ service: LOG, to: banner }",
      "c.yaml:21:25: to stands in a LOG route; expected it with ROM, Report, File_system or Gate alone",
    ),
    route(
      "{ service: Gate, policy: strict }",
      "c.yaml:21:26: policy stands in a Gate route; expected it with File_system alone",
    ),
    route(
      "{ service: ROM, deadline: wall }",
      "c.yaml:21:25: deadline stands in a ROM route; expected it with Timer alone",
    ),
    route(
      "{ service: Gate, rights: [send, write] }",
      "c.yaml:21:26: a Gate route has the right write; expected send or receive",
    ),
    route(
      "{ service: ROM, to: banner, report: banner }",
      "c.yaml:21:37: start.counter.routes[0] has both to and report; expected one of them",
    ),
    route(
      "{ service: File_system, policy: restor }",
      'c.yaml:21:41: start.counter.routes[0].policy is "restor"; expected strict, rebind or restore; did you mean "restore"?',
    ),
  ],
  steps: [
    [
      "steps:\n",
      "step:\n",
      'c.yaml:27:1: unknown key "step" in the file; expected scenario, start, hosts or steps; did you mean "steps"?',
    ],
    step(
      "freez: { child: counter, image: a }",
      `c.yaml:28:5: unknown key "freez" in steps[0]; expected ${STEPS} or expect; did you mean "freeze"?`,
    ),
    step("dance: {}", `c.yaml:28:5: unknown key "dance" in steps[0]; expected ${STEPS} or expect`),
    step("kill", `c.yaml:28:5: steps[0] is "kill"; expected a step, with the key ${STEPS} or expect`),
    step("kill: counter", 'c.yaml:28:11: steps[0].kill is "counter"; expected a kill, with the key child'),
    step(
      "kill: { child: counter }\n    start: spare",
      `c.yaml:29:5: steps[0] has both kill and start; expected one of ${STEPS}, expect`,
    ),
    step(
      "until: { child: conter, exit: 0 }",
      'c.yaml:28:21: steps[0].until.child names "conter"; expected a child of start: counter or spare; did you mean "counter"?',
    ),
    step(
      "until: { child: counter }",
      "c.yaml:28:5: steps[0].until has none of log, exit, fault; expected one of them",
    ),
    step(
      "until: { child: counter, log: a, exit: 0 }",
      "c.yaml:28:38: steps[0].until has both log and exit; expected one of log, exit, fault",
    ),
    step(
      "until: { child: counter, log: a, whithin: 1s }",
      'c.yaml:28:38: unknown key "whithin" in steps[0].until; expected child, log or within; did you mean "within"?',
    ),
    step(
      "until: { child: counter, log: a, within: 10x }",
      'c.yaml:28:46: steps[0].until.within is "10x"; expected a time such as 500ms, 10s or 2m, at most 24 days',
    ),
    step(
      'until: { child: counter, log: "/(/" }',
      'c.yaml:28:35: steps[0].until.log is "/(/"; expected a regular expression between the slashes: /(/: Unterminated group',
    ),
    step(
      "until: { child: counter, exit: 256 }",
      "c.yaml:28:36: steps[0].until.exit is 256; expected a whole number from 0 to 255",
    ),
    step(
      "freeze: { child: counter }",
      "c.yaml:28:5: steps[0].freeze has no key image; expected the keys child, image",
    ),
    step(
      "freeze: { image: a }",
      "c.yaml:28:5: steps[0].freeze has none of child, children; expected one of them",
    ),
    step(
      "freeze: { child: counter, children: [spare], image: a }",
      "c.yaml:28:31: steps[0].freeze has both child and children; expected one of child, children",
    ),
    step(
      "freeze: { children: [], image: a }",
      "c.yaml:28:25: steps[0].freeze.children is an empty list; expected a list of 1 to 64 children",
    ),
    step(
      "freeze: { children: counter, image: a }",
      'c.yaml:28:25: steps[0].freeze.children is "counter"; expected a list, each item a name: up to 64 letters, digits, _ - and ., beginning with a letter, a digit or _',
    ),
    step(
      "freeze: { chidren: [counter], image: a }",
      'c.yaml:28:15: unknown key "chidren" in steps[0].freeze; expected child or children; did you mean "children"?',
    ),
    step(
      "checkpoint: { children: [counter, spar, counter], image: a }",
      'c.yaml:28:39: steps[0].checkpoint.children[1] names "spar"; expected a child of start: counter or spare; did you mean "spare"?',
      "c.yaml:28:45: counter is named twice; expected each child once",
    ),
    step(
      "freeze: { children: [counter, spare], image: a }\n  - revive: { image: a, as: spare }",
      "c.yaml:29:29: spare can't be the clone of counter, spare together; expected a mapping, { counter: CLONE, ... }",
    ),
    step(
      "freeze: { children: [counter, spare], image: a }\n  - revive: { image: a, as: { counter: spare, spar: spare } }",
      "c.yaml:29:29: it names no clone for spare; expected one for each child of the image",
      "c.yaml:29:53: spare is named twice; expected a name for each",
      'c.yaml:29:53: steps[1].revive.as.spar names "spar"; expected a child of the image: counter or spare; did you mean "spare"?',
    ),
    step(
      "freeze: { children: [counter], image: a }\n  - revive: { image: a, as: {} }",
      "c.yaml:29:29: it names no clone for counter; expected one for each child of the image",
    ),
    step(
      "revive: { image: a, as: [counter] }",
      "c.yaml:28:29: steps[0].revive.as is a list; expected the name of a clone, or a mapping of children to their clones",
    ),
    step(
      "checkpoint: { child: counter, image: a, base: b }",
      'c.yaml:28:45: "base" in steps[0].checkpoint is not in this release yet; a later one brings it',
    ),
    step(
      "migrate: { child: counter, to: hree }",
      'c.yaml:28:36: steps[0].migrate.to names "hree"; expected a host: here; did you mean "here"?',
    ),
    step(
      "replace: { child: counter, component: a.ts }",
      'c.yaml:28:5: "replace" in steps[0] is not in this release yet; a later one brings it',
    ),
    step(
      "start: counter",
      "c.yaml:28:12: counter starts with the scenario; expected a child of start with `later: true`",
    ),
    step(
      "start: spar",
      'c.yaml:28:12: steps[0].start names "spar"; expected a child of start with `later: true`: spare; did you mean "spare"?',
    ),
    step(
      "revive: { image: a, on: there, as: spar }",
      'c.yaml:28:29: steps[0].revive.on names "there"; expected a host: here; did you mean "here"?',
      'c.yaml:28:40: steps[0].revive.as names "spar"; expected a child of start: counter or spare; did you mean "spare"?',
    ),
    step(
      "send: { gate: wire, text: a }",
      "c.yaml:28:19: wire is a tcp gate of host here; expected a queue gate",
    ),
    step(
      "expect: { gate: wire, sent: a }",
      "c.yaml:28:21: wire is a tcp gate of host here; expected a queue gate",
    ),
    step(
      "freeze: { child: counter, image: a, within: soon }",
      'c.yaml:28:49: steps[0].freeze.within is "soon"; expected a time such as 500ms, 10s or 2m, at most 24 days',
    ),
    step(
      "send: { gate: lin, text: a }",
      'c.yaml:28:19: steps[0].send.gate names "lin"; expected a gate provider of host here: line or wire; did you mean "line"?',
    ),
    step(
      "rom: { name: baner, text: a }",
      'c.yaml:28:18: steps[0].rom.name names "baner"; expected a ROM of host here: banner; did you mean "banner"?',
    ),
    step(
      "write: { file: data, text: a }",
      'c.yaml:28:20: steps[0].write.file is "data"; expected PROVIDER/PATH, the name of a file provider and a path below it',
    ),
    step(
      "write: { file: data/../a, text: a }",
      'c.yaml:28:20: steps[0].write.file is "data/../a"; expected PROVIDER/PATH, the name of a file provider and a path below it',
    ),
    step(
      "remove: { file: dat/a, on: here }",
      'c.yaml:28:21: steps[0].remove.file names "dat"; expected a file provider of host here: data; did you mean "data"?',
    ),
    step("write: { file: data/a, text: }", "c.yaml:28:34: steps[0].write.text is empty; expected a text"),
  ],
  expectations: [
    step(
      "expect: {}",
      "c.yaml:28:5: steps[0].expect has none of file, log, gate, exit, fault, denied, error; expected one of them",
    ),
    step(
      "expect: { file: data/a, line: [a] }",
      'c.yaml:28:29: unknown key "line" in steps[0].expect; expected text, lines or sha256; did you mean "lines"?',
    ),
    step(
      "expect: { log: counter, lines: a }",
      'c.yaml:28:36: steps[0].expect.lines is "a"; expected a list, each item a text',
    ),
    step(
      "expect: { log: countr, lines: [a] }",
      'c.yaml:28:20: steps[0].expect.log names "countr"; expected a child of start: counter or spare; did you mean "counter"?',
    ),
    step(
      "expect: { file: data/a, sha256: abc }",
      'c.yaml:28:37: steps[0].expect.sha256 is "abc"; expected a sha256: 64 hexadecimal digits',
    ),
    step(
      "expect: { error: freeze }",
      "c.yaml:28:5: steps begin with an expect of error; expected the step that it is about before it",
    ),
    step(
      "expect: { denied: counter, service: File_system }",
      "c.yaml:28:5: steps begin with an expect of denied; expected the step that it is about before it",
    ),
    step(
      "kill: { child: counter }\n  - expect: { error: freeze }",
      "c.yaml:29:22: an error of freeze is expected after a kill step; expected it right after a freeze step",
    ),
    step(
      "kill: { child: counter }\n  - expect: { denied: counter, service: filesystem }",
      'c.yaml:29:41: steps[1].expect.service is "filesystem"; expected the name of a service, such as LOG, Timer, ROM, Report, File_system, Gate; did you mean "File_system"?',
    ),
    step(
      "kill: { child: counter }\n  - expect: { error: frieze }",
      `c.yaml:29:22: steps[1].expect.error is "frieze"; expected ${STEPS.replace(", remove", " or remove")}; did you mean "freeze"?`,
    ),
  ],
};

for (const [title, rows] of Object.entries(TABLES))
  describe(`scenario: slips in ${title}`, () => {
    for (const [from, to, ...expected] of rows)
      it(`${from.trim() || "nothing"} → ${to.trim() || "nothing"}`.replaceAll(/\s*\n\s*/g, " "), () => {
        expect(refusals(changed(from, to))).to.deep.equal(expected);
      });
  });

describe("scenario: several slips", () => {
  it("are all reported, in the order of the file", () => {
    const text = EXAMPLE.replace("ram: 64M", "ram: lots")
      .replace("on: here", "on: there")
      .replace("label: data, to: data", "label: data, to: dat")
      .replace("{ service: Timer }", "{ service: Timr }")
      .replace("image: counter.cryo }", "imag: counter.cryo }")
      .replace("log: counter", "log: counted");
    expect(refusals(text).map((each) => each.replace(/;.*/, ""))).to.deep.equal([
      'c.yaml:4:10: hosts.here.ram is "lots"',
      'c.yaml:16:9: start.counter.on names "there"',
      'c.yaml:22:20: start.counter.routes[1].service is "Timr"',
      'c.yaml:29:31: unknown key "imag" in steps[1].freeze',
      'c.yaml:33:20: steps[5].expect.log names "counted"',
    ]);
  });

  it("are reported once where an alias repeats them", () => {
    expect(refusals("scenario: x\nstart:\n  a: &a { component: a.ts, on: hre }\n  b: *a\n")).to.deep.equal([
      'c.yaml:3:32: start.a.on names "hre"; expected a host: here; did you mean "here"?',
      'c.yaml:3:32: start.b.on names "hre"; expected a host: here; did you mean "here"?',
    ]);
  });

  it("say nothing about names where their section is missing", () => {
    expect(refusals("scenario: x\nhosts: 3\nsteps:\n  - kill: { child: a }\n")).to.deep.equal([
      "c.yaml:1:1: the file has no key start; expected the keys scenario, start",
      "c.yaml:2:8: hosts is 3; expected a mapping from at least one name to a host (without the key, one host is named here)",
    ]);
  });
});
