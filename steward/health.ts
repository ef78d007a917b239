// Whether a kernel lives: not by its pid but by an answer to `ping`, which its event loop must come round to. Where it
// listens it writes to run/kernel.json; the file counts only when it names the pid that we started.
import { readFileSync } from 'node:fs'
import type { Home } from '../src/base/home.ts'
import { type Client, connect } from '../src/protocol/client.ts'
import { clientKeys } from '../src/protocol/keys.ts'

export interface Health {
  /** Whether the kernel with this pid answered within `deadlineMs`. Never throws. */
  answers(pid: number): Promise<boolean>
  close(): Promise<void>
}

export function openHealth(home: Home, deadlineMs: number): Health {
  let client: Client | undefined
  let connectedTo = ''

  const close = async (): Promise<void> => {
    const old = client
    client = undefined
    connectedTo = ''
    await old?.close()
  }
  return {
    close,
    answers: async (pid) => {
      const endpoint = endpointOf(home, pid)
      if (endpoint === undefined) return false
      try {
        if (connectedTo !== `${pid} ${endpoint}`) {
          await close()
          client = connect({
            endpoint,
            ...clientKeys(home.keys),
            identity: `steward-${process.pid}`,
            connectMs: deadlineMs,
          })
          connectedTo = `${pid} ${endpoint}`
        }
        await client?.request({ command: 'ping' }, { timeoutMs: deadlineMs })
        return true
      } catch {
        await close() // the next one begins with a fresh connection
        return false
      }
    },
  }
}

function endpointOf(home: Home, pid: number): string | undefined {
  try {
    const told = JSON.parse(readFileSync(home.kernelFile, 'utf8')) as { pid?: unknown; endpoint?: unknown }
    return told.pid === pid && typeof told.endpoint === 'string' ? told.endpoint : undefined
  } catch {
    return undefined // not written yet, or half written: it is not up
  }
}
