// Preloaded into a durable host (`node --import`), in each of its threads: its wall clock is so many ms ahead, or behind.
const skew = Number(process.env["CRYONODE_SKEW"] ?? 0);
const { now } = Date;
Date.now = () => now() + skew;
