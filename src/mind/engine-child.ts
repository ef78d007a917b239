// One life of the inference process, seen from its parent: forked, spoken to, listened to until it ends, once.
import { fork } from 'node:child_process'
import { siblingModule } from '../base/sibling-module.ts'
import type { FromProcess, ToProcess } from './engine-messages.ts'

/** How long the last words of a process that ended are waited for; another process may hold its pipe. */
const lastWordsMs = 200
const keptWords = 2_000

export interface EngineChild {
  readonly pid: number | undefined
  /** A message to a process that is just ending is lost; its end is heard of through `onEnd`. */
  tell(message: ToProcess): void
  kill(): void
  /** Asks it to end, kills it after the grace; resolves when it is gone. */
  stop(graceMs: number): Promise<void>
}

export interface EngineChildOptions {
  readonly onMessage: (message: FromProcess) => void
  /** `how` is a signal or an exit code, `lastWords` the end of what it wrote on standard error. */
  readonly onEnd: (how: string, lastWords: string) => void
}

export function forkProcess({ onMessage, onEnd }: EngineChildOptions): EngineChild {
  const child = fork(siblingModule(import.meta.url, 'engine-process'), {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let lastWords = ''
  let ended = false
  const end = (how: string) => {
    if (!ended) onEnd(how, lastWords)
    ended = true
  }
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.on('error', () => child.pid === undefined && resolve())
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-keptWords)
  })
  child.on('message', onMessage)
  child.on('error', (error) => end(error.message))
  child.once('exit', (code, signal) => {
    const how = signal ?? `exit code ${code}`
    const timer = setTimeout(() => end(how), lastWordsMs)
    child.once('close', () => {
      clearTimeout(timer)
      end(how)
    })
  })
  const tell = (message: ToProcess) => {
    child.send(message, () => {})
  }
  return {
    pid: child.pid,
    tell,
    kill: () => {
      child.kill('SIGKILL')
    },
    stop: async (graceMs) => {
      if (child.connected) tell({ kind: 'stop' })
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
      await gone
      clearTimeout(timer)
    },
  }
}
