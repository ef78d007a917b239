// A writer process, and what it says. It is started ahead, so that the next stands ready while the last one's image is
// looked at.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { siblingModule } from '../../src/base/sibling-module.ts'
import type { Work } from './writer.ts'

/** What was heard of a writer until it ended. */
export interface Heard {
  /** The last acknowledged transaction of each lane. */
  readonly acknowledged: Map<string, number>
  /** All lines, in order. */
  readonly said: string[]
}

export const writerCommand = (): readonly string[] => [
  process.execPath,
  fileURLToPath(siblingModule(import.meta.url, './writer')),
]

/** Takes in what a writer says; `onLine` is called after each line. */
export function hear(heard: Heard, line: string): void {
  const [what, rest] = line.split(' ') as [string, string | undefined]
  heard.said.push(line)
  if (what !== 'failed' && rest !== undefined) heard.acknowledged.set(what, Number(rest))
}

export class Writer {
  readonly heard: Heard = { acknowledged: new Map(), said: [] }
  readonly #process: ChildProcess
  readonly #ended: Promise<unknown>
  #complaint = ''

  constructor(command: readonly string[] = writerCommand()) {
    const [program, ...args] = command
    this.#process = spawn(program!, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#ended = once(this.#process, 'close')
    this.#process.stderr!.on('data', (text) => (this.#complaint += String(text)))
    this.#process.stdin!.on('error', () => undefined) // it has ended: `ended` tells why
  }

  /** Sets it to work; answers when it has said its `lines`-th line, or has ended. */
  async work(work: Work, lines = Number.POSITIVE_INFINITY): Promise<void> {
    this.#process.stdin!.end(`${JSON.stringify(work)}\n`)
    let seen = 0
    await new Promise<void>((resolve) => {
      createInterface({ input: this.#process.stdout! })
        .on('line', (line) => {
          hear(this.heard, line)
          if (++seen === lines) resolve()
        })
        .on('close', resolve)
      if (lines === 0) resolve()
    })
  }

  /** Waits for its end and for all that it said. Throws when it ended otherwise than by `kill`, or by itself with 0. */
  async ended(): Promise<void> {
    await this.#ended
    const { exitCode, signalCode } = this.#process
    if (signalCode !== 'SIGKILL' && exitCode !== 0) {
      throw new Error(`the writer ended with ${signalCode ?? exitCode}: ${this.#complaint}`)
    }
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }
}
