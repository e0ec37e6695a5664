/** A bridge to one local Python process, without waiting for it. */

import { Conversation } from './conversation.js'
import { Loom, type Py } from './loom.js'
import { settingsFrom } from './settings.js'
import { StdioTransport, findPython } from './transport/stdio.js'

export interface Bridge {
  readonly bridge: Loom
  readonly $py: Py
  readonly close: () => Promise<void>
}

/** Start `pyExe` (else the usual places) with the host module, or with the script `runtimePath`. Failures reject what is awaited. */
export function createNodePythonBridge(pyExe?: string, runtimePath?: string): Bridge {
  const settings = settingsFrom(pyExe === undefined ? {} : { python: pyExe }, process.env)
  const python = findPython(settings.python, process.env)
  const command = runtimePath === undefined ? undefined : [runtimePath]
  const bridge = new Loom(new Conversation(new StdioTransport(python, settings.limits, command), settings))
  return { bridge, $py: bridge.$py, close: () => bridge.close() }
}
