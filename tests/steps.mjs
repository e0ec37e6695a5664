// Steps of a client for the tests of fleets: `node steps.mjs URL [options as JSON]`, then the name of a step on each line.

import { createInterface } from "node:readline";

import { connect, opts } from "../node-client/dist/index.js";

const [url, options = "{}"] = process.argv.slice(2);
const given = JSON.parse(options);
const pending = [];
let loom, list, length;

/** What a promise came to, as JSON can say it. */
async function told(promise) {
  try {
    return { value: await promise };
  } catch (error) {
    const { name, code, message, hint, started } = error;
    return { name, code, message, hint, started };
  }
}

const STEPS = {
  async connect() {
    loom = await connect(url, given);
    list = loom.$py("builtins").list();
    length = await loom.$py("builtins").len;
    return loom.worker;
  },
  /** Send a text there and back. */
  echo: async (size) =>
    (await loom.$py("builtins").str("x".repeat(Number(size)))).length,
  sqrt: () => loom.$py("math").sqrt(9),
  /** Ask for twenty things in twenty programs, whose answers `answers` tells. */
  async begin() {
    for (let n = 0; n < 20; n++) {
      list.append(n);
      pending.push(
        told(length(list)),
        told(length(new Uint8Array(n % 5 ? 10 : 100_000 + n))),
      );
      await new Promise(setImmediate);
    }
    return pending.length;
  },
  answers: () => Promise.all(pending.splice(0)),
  list: () => list,
  /** Ask for something that lasts longer than the time given to it. */
  timeout: () => told(loom.$py("time").sleep(3_600, opts({ timeout: 200 }))),
  async elsewhere(labels) {
    const session = loom.session({ labels: labels.split(" ") });
    return [await session.$py("math").sqrt(16), session.worker];
  },
  close: () => loom.close(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [step, ...rest] = line.split(" ");
  const answer = await told(STEPS[step](rest.join(" ")));
  console.log(
    JSON.stringify(answer.name === undefined ? (answer.value ?? null) : answer),
  );
}
