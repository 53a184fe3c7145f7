// A state machine fed by ROM that answers by Report. It has one bit of state that no input shows: between 19 and
// 21 degrees it goes on with what it was doing.
import { component, Report, Rom } from "cryonode";

interface Room {
  readonly degrees: number;
}

export default component(async (env) => {
  const room = await env.session(Rom, { label: "room" });
  const boiler = await env.session(Report, { label: "boiler" });
  let heating = false;
  for (;;) {
    const { degrees } = (await room.json()) as Room;
    heating = heating ? degrees < 21 : degrees < 19;
    await boiler.submit({ degrees, heating });
    await room.changed();
  }
});
