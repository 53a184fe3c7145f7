// A Durable Object a worker: its state lies in its SQLite, in rows of 1 kB, and is read when it comes up. What it says to
// the log waits, by the runtime's own rule, until what it wrote before is durable.
import { change, freshState } from "./state.js";

const ROW = 1024;

export class Job {
  constructor(context, env) {
    this.sql = context.storage.sql;
    this.env = env;
  }

  #load() {
    const { sql } = this;
    sql.exec("CREATE TABLE IF NOT EXISTS rows (at INTEGER PRIMARY KEY, bytes BLOB)");
    sql.exec("CREATE TABLE IF NOT EXISTS step (one INTEGER PRIMARY KEY, n INTEGER)");
    const [last] = sql.exec("SELECT n FROM step").toArray();
    const state = freshState();
    if (last === undefined) {
      for (let at = 0; at < state.length; at += ROW)
        sql.exec("INSERT INTO rows VALUES (?, ?)", at / ROW, state.slice(at, at + ROW));
    } else
      for (const { at, bytes } of sql.exec("SELECT at, bytes FROM rows"))
        state.set(new Uint8Array(bytes), at * ROW);
    return { state, last: last?.n ?? 0 };
  }

  async fetch(request) {
    const name = new URL(request.url).searchParams.get("name");
    const { state, last } = this.#load();
    for (let n = last + 1; ; n++) {
      change(state, n);
      const row = Math.floor(((n * 7919) % state.length) / ROW);
      await (await this.env.LOG.fetch(`http://log/?name=${name}&n=${n}`)).text();
      this.sql.exec("UPDATE rows SET bytes = ? WHERE at = ?", state.slice(row * ROW, (row + 1) * ROW), row);
      this.sql.exec("INSERT INTO step VALUES (1, ?) ON CONFLICT DO UPDATE SET n = excluded.n", n);
    }
  }
}

export default {
  fetch(request, env) {
    const name = new URL(request.url).searchParams.get("name");
    return env.JOB.get(env.JOB.idFromName(name)).fetch(request);
  },
};
