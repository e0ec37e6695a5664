/** A client whose event loop is blocked while its Python code goes on, and one that only listens to a long call (§9, mailbox_bytes). */

import { connect, opts } from '../node-client/dist/index.js'

const LEASE_MS = 2_000

let printed = 0
const onOutput = ({ text, leftOut = 0 }) => (printed += text.length * (leftOut ? -1 : 1))
const loom = await connect(process.argv[2], { leaseMs: LEASE_MS, onOutput })
const { $py } = loom
await new Promise((resolve) => setTimeout(resolve, LEASE_MS)) // a thread keeps the lease from now on

// Results of 300 MB come while nothing is read here.
const pending = Array.from({ length: 300 }, (_, at) => $py('builtins').bytes(1_000_000 + at))
const lengths = pending.map(async (one) => (await one).length)
await new Promise((resolve) => setImmediate(resolve))
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * LEASE_MS)
const blocked = (await Promise.all(lengths)).filter((length, at) => length === 1_000_000 + at).length

// One program calls us with 200 MB altogether: no other one tells the worker what we have read.
let called = 0
let heard = 0
const hear = (bytes) => {
  called++
  heard += bytes.length
}
await $py('builtins').exec(
  'def many(hear):\n    for _ in range(200): hear(bytes(1_000_000))\nimport sys; sys.many = many',
  $py('builtins').dict(),
)
await $py('sys').many(hear, opts({ timeout: 60_000 }))

// It prints 300 MB faster than anybody reads, and waits.
await $py('builtins').exec("for _ in range(300): print('x' * 999_999)", $py('builtins').dict())
process.stdout.write(JSON.stringify({ blocked, called, heard, printed }))
await loom.close()
