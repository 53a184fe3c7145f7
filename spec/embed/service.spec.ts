// Children's services, called by the program that holds the host.
import * as t from "io-ts";
import { expect } from "chai";
import { args, bytes, capability, method, session } from "../../lib/index.ts";
import { HostFailure } from "../../runtime/index.ts";
import { factsOf, onStage } from "../host/stage.ts";

const Listener = session("Listener", { heard: method({ args: args([]), result: t.void }) });
const Counter = session("Counter", {
  next: method({ args: t.tuple([t.number]), result: t.number }),
  reset: method({ args: args([]), result: t.void }),
  mirror: method({ args: t.tuple([bytes]), result: bytes }),
  fail: method({ args: args([]), result: t.void }),
  wrong: method({ args: args([]), result: t.string }),
  listener: method({ args: args([]), result: t.unknown }),
  slow: method({ args: t.tuple([t.number]), result: t.number }),
});
void capability(Listener);

const SERVER = `
  const t = await import("io-ts");
  const { bytes, capability, method, session } = await import("cryonode");
  const Listener = session("Listener", { heard: method({ args: t.tuple([]), result: t.void }) });
  const Counter = session("Counter", {
    next: method({ args: t.tuple([t.number]), result: t.number }),
    reset: method({ args: t.tuple([]), result: t.void }),
    mirror: method({ args: t.tuple([bytes]), result: bytes }),
    fail: method({ args: t.tuple([]), result: t.void }),
    wrong: method({ args: t.tuple([]), result: t.number }),
    listener: method({ args: t.tuple([]), result: capability(Listener) }),
    slow: method({ args: t.tuple([t.number]), result: t.number }),
  });
  let n = 0;
  const timer = await env.session(Timer);
  await env.announce(Counter, (args, { label }) => {
    console.log("session " + label + JSON.stringify(args));
    return {
      next: async (by) => (n += by),
      reset: async () => { n = 0; },
      mirror: async (b) => new Uint8Array([...b].reverse()),
      fail: async () => { throw new RangeError("out of luck"); },
      wrong: async () => 42,
      listener: async () => ({ heard: async () => {} }),
      slow: async (by) => { console.log("slow"); await timer.sleep(100); return (n += by); },
    };
  });
  console.log("announced");
`;

describe("embedding: services from outside", () => {
  it(
    "calls a child's methods, checked by both contracts",
    onStage(async ({ host, start, log }) => {
      await start("counter", SERVER);
      const counter = await host.session("counter", Counter, { label: "mine", args: { who: "me" } });
      expect(await counter.next(2)).to.equal(2);
      expect(await counter.next(3)).to.equal(5);
      expect(await counter.reset()).to.equal(undefined);
      expect([...(await counter.mirror(new Uint8Array([1, 2, 3])))]).to.deep.equal([3, 2, 1]);
      expect(log("counter")).to.deep.equal(["announced", 'session mine{"who":"me"}']);
      expect(await factsOf(counter.fail())).to.deep.include({
        tag: "Call",
        child: "counter",
        method: "Counter.fail",
        error: {
          tag: "Failed",
          service: "Counter",
          name: "RangeError",
          message: "out of luck",
          by: "counter",
        },
      });
      expect(await factsOf(counter.next("2" as never))).to.have.nested.property(
        "error.tag",
        "InvalidArgument",
      );
      expect(await factsOf(counter.wrong())).to.have.nested.property("error.place", "its answer");
      expect(await factsOf(counter.listener())).to.have.nested.property("error.tag", "Failed");
      counter.close();
      expect(await factsOf(counter.next(1))).to.have.nested.property("error.tag", "Closed");
      const other = await host.session("counter", Counter);
      expect(await other.next(1)).to.equal(1);
    }),
  );

  it(
    "fault 10: a call whose child is frozen in the middle of it is answered after its revival, once",
    onStage(async ({ host, start, log }) => {
      const child = await start("counter", SERVER);
      const counter = await host.session("counter", Counter);
      const slow = counter.slow(5);
      await child.until({ log: "slow" });
      await child.freeze("counter.cryo");
      const next = counter.next(1);
      await host.revive("counter.cryo");
      await Promise.all([slow, next]);
      expect(await counter.next(0)).to.equal(6);
      expect(log("counter").filter((line) => line === "slow")).to.have.length(1);
    }),
  );

  it(
    "says with a type who is not there, and who has gone",
    onStage(async ({ host, start }) => {
      expect(await factsOf(host.session("nobody", Counter))).to.deep.equal({
        tag: "NoSuchChild",
        child: "nobody",
      });
      const child = await start("counter", SERVER);
      expect(await factsOf(host.session("counter", Listener, { patience: 10 }))).to.deep.include({
        tag: "Call",
        method: "Listener",
        error: { tag: "Unavailable", service: "Listener", label: "", waited: 10 },
      });
      const counter = await host.session("counter", Counter);
      const [slow] = await Promise.all([
        factsOf(counter.slow(1)),
        child.until({ log: "slow" }).then(() => child.kill()),
      ]);
      expect(slow).to.have.nested.property("error.tag", "Closed");
      expect(await counter.next(1).catch((error: unknown) => error)).to.be.instanceOf(HostFailure);
    }),
  );
});
