// The founding sketch: one JSON line a request, one JSON line a reply, a map of pending promises. No batching.
import { spawn } from 'node:child_process'

export async function open(python, runtime) {
  const child = spawn(python, [runtime], { stdio: ['pipe', 'pipe', 'inherit'] })
  const pending = new Map()
  let ids = 0
  let rest = ''
  const settle = (line) => {
    const { id, ok, result, error } = JSON.parse(line)
    const { resolve, reject } = pending.get(id)
    pending.delete(id)
    if (ok) resolve(result)
    else reject(new Error(error.message))
  }
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()
    lines.forEach(settle)
  })
  const send = (op, obj, args) =>
    new Promise((resolve, reject) => {
      const id = ++ids
      pending.set(id, { resolve, reject })
      child.stdin.write(JSON.stringify({ id, op, obj, args }) + '\n')
    })
  const operator = await send('import', null, ['operator'])
  const add = await send('getattr', operator.__pyref__, ['add'])
  return {
    calls: { add: { run: (i) => send('call', add.__pyref__, [i, 1]), right: (sum, i) => sum === i + 1 } },
    close: () => child.stdin.end(),
  }
}
