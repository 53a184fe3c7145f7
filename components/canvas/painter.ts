// Paints a ship and a sun on somebody else's canvas: its memory, attached here. What it paints in a turn is there for
// the other one's next turn, and the other way round.
import { component, Log, Timer } from "cryonode";
import { Easel, strokesOf } from "./contract.ts";

const SHIP = [
  "...................\\|/..",
  ".........|\\.......--O--.",
  ".........|.\\......./|\\..",
  ".........|__\\...........",
  ".......\\______/.........",
  "........................",
  "........................",
];

export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const { every } = { every: 5, ...(await env.config<{ every?: number }>()) };
  const easel = await env.session(Easel);
  const { bytes } = await env.rm.attach(await easel.canvas());
  const strokes = strokesOf(SHIP);
  for (const [count, [at, character]] of strokes.entries()) {
    if (bytes[at] !== 0) throw new Error(`somebody has painted over ${at}`);
    bytes[at] = character;
    await timer.sleep(every);
    if (count % 9 === 8) await log.write(`${count + 1} strokes`);
  }
  // What was painted before the call is there when the call is served.
  const seen = (await easel.look()).join("").replaceAll(/[^|\\/_O-]/g, "").length;
  await log.write(`${strokes.length} strokes, ${seen} seen`);
  await easel.done();
});
