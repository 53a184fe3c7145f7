// Timers and the clock, with a Timer route and without.
import { expect } from "chai";
import { boot, type Guest } from "./guest.ts";

const DENIED = "Denied: Timer is denied: no route matches";

describe("timers", () => {
  let guest: Guest;
  beforeEach(async () => {
    guest = await boot();
    guest.run("globalThis.seen = []; globalThis.note = (...values) => void seen.push(values.join())");
  });
  const seen = (): unknown => guest.run("seen");
  const waking = (): void => guest.wake(...guest.sleeping.map((sleep) => sleep.slot));

  it("calls back once, with its arguments, after the sleep", () => {
    expect(guest.run("setTimeout(note, 20, 'a', 'b')")).to.equal(1);
    expect(guest.sleeping.map((sleep) => sleep.ms)).to.deep.equal([20]);
    expect(seen()).to.deep.equal([]);
    waking();
    expect(seen()).to.deep.equal(["a,b"]);
    expect(guest.sleeping).to.deep.equal([]);
  });

  it("takes what is no delay for none", () => {
    guest.run("for (const ms of [undefined, NaN, -5, 'x', Infinity, '7']) setTimeout(note, ms)");
    guest.run("setInterval(note, 0); setImmediate(note, 'now')");
    expect(guest.sleeping.map((sleep) => sleep.ms)).to.deep.equal([0, 0, 0, 0, 0, 7, 1, 0]);
    expect(() => guest.run("setTimeout('code', 1)")).to.throw("TypeError");
  });

  it("ends the sleep of a cleared timer, so that it keeps nothing alive", () => {
    guest.run("globalThis.id = setTimeout(note, 1000, 'never')");
    guest.run("clearTimeout(id); clearTimeout(id); clearTimeout(undefined); clearTimeout(99)");
    expect(guest.cancelled).to.have.length(1);
    expect(guest.sleeping).to.deep.equal([]);
    expect(seen()).to.deep.equal([]);
    expect(guest.run("clearTimeout(setTimeout(note, 5, 'never either'))")).to.equal(undefined);
    expect(guest.sleeping).to.deep.equal([]);
    expect(seen()).to.deep.equal([]);
  });

  it("never cancels a call that took the slot of a timer already due", () => {
    guest.run("setTimeout(() => { clearTimeout(two); setTimeout(note, 9, 'three'); }, 5)");
    guest.run("globalThis.two = setTimeout(note, 5, 'two')");
    waking();
    expect(guest.cancelled).to.deep.equal([]);
    expect(guest.sleeping.map((sleep) => sleep.ms)).to.deep.equal([9]);
    waking();
    expect(seen()).to.deep.equal(["three"]);
  });

  it("repeats an interval until it is cleared, from within too", () => {
    guest.run(
      "globalThis.n = 0; globalThis.id = setInterval(() => { note(++n); if (n === 3) clearInterval(id); }, 10)",
    );
    for (let turn = 0; turn < 5; turn++) waking();
    expect(seen()).to.deep.equal(["1", "2", "3"]);
    expect(guest.sleeping).to.deep.equal([]);
    expect(guest.cancelled).to.deep.equal([]);
  });

  it("turns what a callback throws into an unhandled rejection", () => {
    guest.run("setTimeout(() => { throw new Error('in a timer') }, 1)");
    waking();
    expect(guest.unhandled()).to.deep.equal(["Error: in a timer"]);
  });

  it("leaves the clock alone where the route grants it", () => {
    expect(guest.run("Date.now()")).to.equal(1_700_000_000_000);
    guest.clock(1500);
    expect(guest.run("performance.now()")).to.equal(1500);
    expect(guest.run("Date.prototype.constructor === Date")).to.equal(true);
  });
});

describe("without a Timer route", () => {
  let guest: Guest;
  before(async () => {
    guest = await boot({ timer: false });
  });

  for (const code of [
    "setTimeout(() => {}, 1)",
    "setInterval(() => {}, 1)",
    "setImmediate(() => {})",
    "Date()",
    "new Date()",
    "new Date",
    "Date.now()",
    "performance.now()",
    "new (class extends Date {})()",
    "Reflect.construct(Date, [])",
    "new (new Date(0).constructor)()",
    "Date.prototype.constructor.now()",
  ])
    it(`${code} throws Denied at once`, () => {
      expect(() => guest.run(code)).to.throw(DENIED);
      expect(guest.sleeping).to.deep.equal([]);
    });

  it("throws the class that components catch", () => {
    expect(
      guest.run("try { Date.now() } catch (e) { e instanceof __cryonode.exports.Denied && e.facts.service }"),
    ).to.equal("Timer");
  });

  it("goes on converting dates", () => {
    expect(guest.run("new Date(0).toISOString()")).to.equal("1970-01-01T00:00:00.000Z");
    expect(guest.run("new Date('2024-02-29T00:00:00Z').getTime()")).to.equal(Date.UTC(2024, 1, 29));
    expect(guest.run("[Date.UTC(2000, 0), Date.parse('1970-01-01')]")).to.deep.equal([Date.UTC(2000, 0), 0]);
    expect(guest.run("const d = new Date(2020, 1); d instanceof Date && d.constructor === Date")).to.equal(
      true,
    );
    expect(guest.run("new (class Day extends Date {})(5) instanceof Date")).to.equal(true);
    expect(guest.run("Date.name + Date.length")).to.equal("Date7");
    expect(guest.run("structuredClone(new Date(5)).getTime()")).to.equal(5);
    expect(guest.run("clearTimeout(1)")).to.equal(undefined);
  });
});
