/** The end of a tick: after every callback that the current one has made ready, before the event loop goes on. */

const READY = Promise.resolve()
const { process } = globalThis as { process?: NodeJS.Process }
const nextTick = process?.nextTick.bind(process)

/**
 * Run once when the tick ends. The microtask comes first, so that `await` has called `then`; `nextTick` waits until the
 * queue of microtasks is empty. A browser has no such queue: two microtasks come close.
 */
export function atEndOfTick(run: () => void): void {
  void READY.then(() => {
    if (nextTick) nextTick(run)
    else void READY.then(run)
  })
}
