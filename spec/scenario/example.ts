// The scenario of the documentation, which specs read whole and with one slip each.

export const EXAMPLE = `scenario: a counter survives being frozen
hosts:
  here:
    ram: 64M
    caps: 1000
    files:
      data: { directory: ./data, rights: [read, write, create] }
    gates:
      line: { queue: true, rights: [send, receive] }
      wire: { tcp: "127.0.0.1:7000", framing: line }
    roms:
      banner: { text: hello }
start:
  counter:
    component: ../components/counter.ts
    on: here
    ram: 8M
    caps: 100
    config: { upTo: 10 }
    routes:
      - { service: LOG }
      - { service: Timer }
      - { service: File_system, label: data, to: data }
  spare:
    component: ../components/counter.ts
    later: true
steps:
  - until: { child: counter, log: "count 3", within: 10s }
  - freeze: { child: counter, image: counter.cryo }
  - revive: { image: counter.cryo }
  - until: { child: counter, exit: 0, within: 10s }
  - expect: { file: data/count.txt, lines: ["1", "2", "3", "..."] }
  - expect: { log: counter, lines: ["count 1", "count 2", "..."] }
`;

/** The example with one passage changed. The passage must be there, and once. */
export const changed = (from: string, to: string): string => {
  const parts = EXAMPLE.split(from);
  if (parts.length !== 2) throw new Error(`${from} stands ${parts.length - 1} times in the example`);
  return parts.join(to);
};
