// A real kernel process on a home of its own in a temporary folder, on a free port, and clients of it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Home, homeOf } from '../../src/base/home.ts'
import { parseMessage } from '../../src/base/notation.ts'
import type { Value } from '../../src/base/value.ts'
import { bodyOf } from '../../src/console/requests.ts'
import type { AuditEvent } from '../../src/metacognition/audit-event.ts'
import { readTrail } from '../../src/metacognition/audit-trail.ts'
import { type Client, connect } from '../../src/protocol/client.ts'
import { clientKeys } from '../../src/protocol/keys.ts'
import type { ProgressAnswer, RequestBody, ResultAnswer } from '../../src/protocol/messages.ts'

const kernelMain = fileURLToPath(new URL('../../kernel/main.js', import.meta.url))

/** Waits for a condition; the test's own time limit is the only other end. */
export async function until<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  for (;;) {
    const found = await look()
    if (found) return found
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export class Daemon {
  readonly home: Home
  process: ChildProcess
  output = ''
  #endpoint = ''
  readonly #clients: Client[] = []

  constructor(home: Home) {
    this.home = home
    this.process = this.#spawn()
  }

  /** Waits until the kernel has said where it listens. */
  async up(): Promise<this> {
    await until(() => {
      if (this.process.exitCode !== null || this.process.signalCode !== null)
        throw new Error(`the kernel ended with ${this.process.exitCode}:\n${this.output}`)
      return existsSync(this.home.kernelFile) && this.#told().pid === this.process.pid
    })
    this.#endpoint = this.#told().endpoint
    return this
  }

  /** Starts the kernel of the same home again, on the port that it had, so that its clients find it. */
  async restart(): Promise<this> {
    const config = JSON.parse(readFileSync(this.home.config, 'utf8')) as object
    writeFileSync(this.home.config, JSON.stringify({ ...config, endpoint: this.#endpoint }))
    this.process = this.#spawn()
    return this.up()
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const ended = once(this.process, 'exit')
      this.process.kill(signal)
      await ended
    }
    return this.process.exitCode
  }

  client(identity?: string): Client {
    const client = connect({
      endpoint: this.#told().endpoint,
      ...clientKeys(this.home.keys),
      ...(identity ? { identity } : {}),
      // a busy machine may keep a kernel from answering, or from coming up again, for long
      ...{ connectMs: 300_000, absentMs: 600_000 },
    })
    this.#clients.push(client)
    return client
  }

  async audit(): Promise<AuditEvent[]> {
    const events: AuditEvent[] = []
    for await (const event of readTrail(this.home.auditFile)) events.push(event)
    return events
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()))
    await this.kill()
    rmSync(this.home.dir, { recursive: true, force: true })
  }

  #told(): { pid: number; endpoint: string } {
    try {
      return JSON.parse(readFileSync(this.home.kernelFile, 'utf8')) as { pid: number; endpoint: string }
    } catch {
      return { pid: 0, endpoint: '' }
    }
  }

  #spawn(): ChildProcess {
    const child = spawn(process.execPath, ['--enable-source-maps', kernelMain, '--home', this.home.dir], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.on('data', (bytes) => (this.output += bytes))
    child.stderr.on('data', (bytes) => (this.output += bytes))
    return child
  }
}

export function makeHome(config: object = {}): Home {
  const home = homeOf(mkdtempSync(join(tmpdir(), 'batos-e2e-')))
  mkdirSync(home.dir, { recursive: true })
  writeFileSync(
    home.config,
    JSON.stringify({ endpoint: 'tcp://127.0.0.1:*', model: { gpu: false }, ...config }),
  )
  return home
}

export const startDaemon = (config: object = {}): Promise<Daemon> => new Daemon(makeHome(config)).up()

/** Sends one line of the notation and answers its value. */
export const say = async (client: Client, line: string): Promise<Value> => (await ask(client, line)).value

export const ask = (
  client: Client,
  line: string,
  onEvent?: (event: ProgressAnswer) => void,
): Promise<ResultAnswer> => client.ask(bodyOf(parseMessage(line)) as RequestBody, onEvent ? { onEvent } : {})
