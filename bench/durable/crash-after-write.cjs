// Loaded into every thread of a process: kills it when so many writes have gone to logs below a folder, right after the
// last one, before anybody can have heard of it.
"use strict";
const fs = require("node:fs");
const { syncBuiltinESMExports } = require("node:module");

const within = process.env.CRASH_IN;
const write = fs.writeSync;
let left = Number(process.env.CRASH_AFTER);

fs.writeSync = (file, ...rest) => {
  const written = write(file, ...rest);
  const path = fs.readlinkSync(`/proc/self/fd/${file}`);
  if (path.startsWith(within) && path.endsWith(".log") && --left === 0) process.kill(process.pid, "SIGKILL");
  return written;
};
syncBuiltinESMExports();
