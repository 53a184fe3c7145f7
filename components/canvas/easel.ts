// Allocates a canvas, hands it to whoever asks, and paints the sea on it while others paint the rest. When they have
// finished, it shows the picture.
import { component, Log, Timer } from "cryonode";
import { Easel, HEIGHT, strokesOf, WIDTH } from "./contract.ts";

const SEA = [
  "........................",
  "........................",
  "........................",
  "........................",
  "~~~~~~~..........~~~~~~~",
  "~.~~.~~~~~.~~~~.~~~~.~~~",
  "~~~~.~~~~~~~~.~~~~~~~.~~",
];

export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const { every } = { every: 5, ...(await env.config<{ every?: number }>()) };
  const canvas = await env.ram.alloc(WIDTH * HEIGHT);
  const { bytes } = await env.rm.attach(canvas);
  const rows = (): string[] =>
    Array.from({ length: HEIGHT }, (_, y) =>
      String.fromCharCode(...bytes.subarray(y * WIDTH, (y + 1) * WIDTH)).replaceAll("\0", "."),
    );
  let arrived!: () => void;
  const visitor = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  let finished!: () => void;
  const others = new Promise<void>((resolve) => {
    finished = resolve;
  });
  await env.announce(Easel, () => ({
    canvas: async () => {
      arrived();
      return canvas;
    },
    look: async () => rows(),
    done: async () => finished(),
  }));
  await log.write("the canvas is white");
  await visitor;
  for (const [at, character] of strokesOf(SEA)) {
    bytes[at] = character;
    await timer.sleep(every);
  }
  await log.write("the sea is there");
  await others;
  for (const row of rows()) await log.write(row);
  env.exit(0);
});
