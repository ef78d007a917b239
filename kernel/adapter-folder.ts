// The folder where adapters are dropped (`lora_adapters` in the home), watched: what has stopped growing is taken in, one after
// the other, also what lay there when the kernel started. What was taken moves to `taken/`, where it may be deleted; what was
// refused moves to `rejected/` with the reason beside it (NAME.report.json), and what serves goes on serving. While no model of
// our own is at work there is nothing to check an adapter against: it waits.
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join, parse, relative, sep } from 'node:path'
import { watch } from 'chokidar'
import type { Clock } from '../src/base/clock.ts'
import { type BatError, batErrorOf } from '../src/base/errors.ts'
import type { Logger } from '../src/base/log.ts'
import type { Arrival } from './expert-intake.ts'

export interface AdapterFolderOptions {
  readonly dir: string
  readonly settleMs: number
  readonly clock: Clock
  readonly log: Logger
  /** Takes it in. A BatError that asking again will not help refuses it for good. */
  readonly take: (arrival: Arrival, heldOut: string | undefined) => Promise<void>
  /** Why nothing can be taken at the moment. */
  readonly obstacle: () => Promise<string | undefined>
  readonly onRefused: (report: RefusalReport) => void
}

export interface RefusalReport {
  readonly entry: string
  readonly time: number
  readonly code: string
  readonly reason: string
}

export interface Waiting {
  readonly entry: string
  readonly reason: string
}

const config = 'adapter_config.json'
const weights = 'adapter_model.safetensors'
const pickled = 'adapter_model.bin'
/** After how long what failed for the moment is tried again. */
const RETRY_MS = 5_000
const [taken, rejected] = ['taken', 'rejected']

export class AdapterFolder {
  readonly #options: AdapterFolderOptions
  readonly #watcher: ReturnType<typeof watch>
  /** What is complete and not dealt with yet. */
  readonly #waiting = new Map<string, Arrival>()
  /** Folders that lack a file, and which. */
  readonly #incomplete = new Map<string, string>()
  #obstacle: string | undefined
  #work: Promise<void> = Promise.resolve()
  #again: NodeJS.Timeout | undefined
  #stopped = false

  constructor(options: AdapterFolderOptions) {
    const { dir, settleMs, log } = options
    this.#options = options
    this.#watcher = watch(dir, {
      depth: 1,
      awaitWriteFinish: { stabilityThreshold: settleMs, pollInterval: Math.min(100, settleMs) },
      ignored: (path) => [taken, rejected].includes(partsOf(dir, path)[0] ?? ''),
    })
    const found = (path: string) => {
      const arrival = arrivalOf(dir, path)
      if (arrival === undefined) return
      if ('lacks' in arrival) return void this.#incomplete.set(arrival.entry, arrival.lacks)
      this.#incomplete.delete(arrival.entry)
      this.#waiting.set(arrival.entry, arrival)
      this.look()
    }
    this.#watcher.on('add', found)
    this.#watcher.on('change', found)
    this.#watcher.on('error', (error) => log.warn({ err: error }, 'the folder of adapters'))
  }

  /** What waits, and for what. */
  get waiting(): readonly Waiting[] {
    const lacking = [...this.#incomplete].filter(([entry]) => existsSync(join(this.#options.dir, entry)))
    return [
      ...[...this.#waiting.keys()].map((entry) => ({ entry, reason: this.#obstacle ?? '' })),
      ...lacking.map(([entry, file]) => ({ entry, reason: `${file} is missing` })),
    ]
  }

  /** Deals with what waits: something came, or an obstacle may be gone. */
  look(): void {
    this.#work = this.#work.then(() => this.#dealWithAll())
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#again)
    await this.#watcher.close()
    await this.#work
  }

  async #dealWithAll(): Promise<void> {
    for (const [entry, arrival] of [...this.#waiting]) {
      if (this.#stopped) return
      this.#obstacle = await this.#options.obstacle()
      if (this.#obstacle !== undefined) return
      this.#waiting.delete(entry)
      await this.#dealWith(arrival).catch((failure) =>
        this.#options.log.error({ err: failure, entry }, 'the folder of adapters'),
      )
    }
  }

  async #dealWith(arrival: Arrival): Promise<void> {
    const { dir, take } = this.#options
    if (!existsSync(join(dir, arrival.entry))) return
    const beside = join(dir, `${parse(arrival.entry).name}.jsonl`)
    const heldOut = existsSync(beside) ? beside : undefined
    const problem = await take(arrival, heldOut).then(
      () => undefined,
      (thrown: unknown) => batErrorOf(thrown),
    )
    if (problem && (this.#stopped || problem.retryable)) return this.#postpone(arrival)
    if (problem) return this.#refuse(arrival, problem)
    await rm(reportFile(dir, arrival.entry), { force: true })
    await this.#move(arrival.entry, taken)
    if (heldOut !== undefined) await this.#move(basename(heldOut), taken)
  }

  #postpone(arrival: Arrival): void {
    this.#waiting.set(arrival.entry, arrival)
    clearTimeout(this.#again)
    if (!this.#stopped) this.#again = setTimeout(() => this.look(), RETRY_MS)
  }

  async #refuse({ entry }: Arrival, problem: BatError): Promise<void> {
    const { dir, clock, onRefused } = this.#options
    const reason = String(problem.details.problem ?? problem.message)
    const report: RefusalReport = { entry, time: clock.now(), code: problem.code, reason }
    await this.#move(entry, rejected)
    const file = reportFile(dir, entry)
    await writeFile(`${file}.new`, `${JSON.stringify(report, undefined, 2)}\n`)
    await rename(`${file}.new`, file)
    onRefused(report)
  }

  async #move(entry: string, into: string): Promise<void> {
    const folder = join(this.#options.dir, into)
    await mkdir(folder, { recursive: true })
    await rm(join(folder, entry), { recursive: true, force: true })
    await rename(join(this.#options.dir, entry), join(folder, entry))
  }
}

/** What was refused and still lies there, the newest first. */
export async function refusedIn(dir: string): Promise<RefusalReport[]> {
  const folder = join(dir, rejected)
  const names = existsSync(folder) ? await readdir(folder) : []
  const reports: RefusalReport[] = []
  for (const name of names.filter((each) => each.endsWith('.report.json'))) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => undefined) // taken away just now
    if (text !== undefined) reports.push(JSON.parse(text) as RefusalReport)
  }
  return reports.sort((a, b) => b.time - a.time)
}

const reportFile = (dir: string, entry: string): string => join(dir, rejected, `${entry}.report.json`)

const partsOf = (dir: string, path: string): string[] => relative(dir, path).split(sep)

/** What a finished file makes complete, or the file that its folder still lacks; undefined when it is none of ours. */
function arrivalOf(
  dir: string,
  path: string,
): Arrival | { readonly entry: string; readonly lacks: string } | undefined {
  const [entry = '', inner] = partsOf(dir, path)
  const at = join(dir, entry)
  if (inner === undefined) {
    if (/\.gguf$/i.test(entry)) return { entry, kind: 'gguf', file: at }
    return /\.safetensors$/i.test(entry) ? { entry, kind: 'peft', weights: at } : undefined
  }
  const has = (name: string) => existsSync(join(at, name))
  const found = has(weights) ? weights : pickled
  if (![config, found].includes(inner)) return undefined
  if (!has(config)) return { entry, lacks: config }
  if (!has(found)) return { entry, lacks: weights }
  return { entry, kind: 'peft', weights: join(at, found), config: join(at, config) }
}
