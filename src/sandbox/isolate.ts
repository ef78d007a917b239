// One realm: QuickJS compiled to WebAssembly, with a memory of its own that cannot grow past its limit. The only file that
// knows the engine.
//
// Invariant: every call starts from the same bytes. When the realm is ready its memory is copied (some 200 KB), and after
// each call the copy is put back, so nothing that generated code did — to objects, to the language, to the heap — is
// there for the next one. That takes tens of microseconds, against milliseconds for a new realm. An engine that threw
// instead of answering (out of memory amid an allocation, a trap) is `spent` and must be replaced.
//
// Time is looked at by the engine itself (it asks every few thousand instructions) and between slices of promise jobs.
// Some built-in functions never ask; ending those is the affair of whoever started this thread.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
  RELEASE_SYNC,
} from 'quickjs-emscripten'
import {
  defaultLimits,
  enginePages,
  guestStackBytes,
  jobsPerSlice,
  keptBytes,
  type Limits,
  pagesOf,
} from './limits.ts'
import type { Node } from './marshal.ts'
import { generatedFile, prelude, preludeFile } from './prelude.ts'

/** What the prelude is told: numbers for oids, tagged nodes for values. */
export interface GuestCall {
  readonly receiver: number
  readonly selector: string
  readonly args: readonly Node[]
  readonly newOids: readonly number[]
  readonly now: number
  readonly seed: number
  readonly depth: number
}

export interface Host {
  /** The object as text for the realm, empty when there is none. */
  read(oid: number): string
  /** The text of Method `index` of the call's table. */
  source(index: number): string
  /** Called at the start of every slice: whoever watches sees that the realm still answers. */
  beat(): void
}

export type GuestPart = 0 | [Node] | { readonly k: 'm' | 'p'; readonly v: number | string }
export type GuestChange = readonly [number, ...(string | GuestPart)[]]

export type GuestOutcome =
  | { kind: 'answer'; value: Node; changed: readonly GuestChange[]; sends: number }
  | { kind: 'unhandled'; receiver: number; selector: string; args: readonly Node[]; sender: number }
  | {
      kind: 'failed'
      code: string
      message: string
      object?: number
      line?: number
      column?: number
    }
  /** The host's own part failed: `cause` is what `read` or `source` threw. */
  | { kind: 'fault'; cause: unknown }

/** Reads and compiles the engine; the module can be shared among threads. */
export async function loadEngine(): Promise<WebAssembly.Module> {
  const emscripten = createRequire(import.meta.url).resolve('quickjs-emscripten')
  const file = createRequire(emscripten).resolve('@jitl/quickjs-wasmfile-release-sync/wasm')
  return await WebAssembly.compile(await readFile(file))
}

interface Range {
  readonly from: number
  readonly bytes: Uint8Array
}

export class Isolate {
  readonly memoryMb: number
  readonly #memory: WebAssembly.Memory
  readonly #runtime: QuickJSRuntime
  readonly #context: QuickJSContext
  readonly #start: QuickJSHandle
  readonly #image: readonly Range[]
  #host: Host | undefined
  #outcome: GuestOutcome | undefined
  #turnEnds = 0
  #callEnds = 0
  #limits: Limits = defaultLimits
  #late: string | undefined
  #spent = false

  static async make(engine: WebAssembly.Module, memoryMb: number): Promise<Isolate> {
    const memory = new WebAssembly.Memory({ initial: enginePages, maximum: pagesOf(memoryMb) })
    const variant = newVariant(RELEASE_SYNC, { wasmModule: engine, wasmMemory: memory })
    const module = await newQuickJSWASMModuleFromVariant(variant)
    return new Isolate(memory, module.newRuntime(), memoryMb)
  }

  private constructor(memory: WebAssembly.Memory, runtime: QuickJSRuntime, memoryMb: number) {
    this.memoryMb = memoryMb
    this.#memory = memory
    this.#runtime = runtime
    runtime.setMaxStackSize(guestStackBytes)
    runtime.setInterruptHandler(() => this.#isOver())
    const context = runtime.newContext()
    this.#context = context
    this.#turnEnds = this.#callEnds = Number.POSITIVE_INFINITY
    const make = context.unwrapResult(context.evalCode(prelude, preludeFile))
    const read = context.newFunction('read', (oid) =>
      this.#guarded((host) => context.newString(host.read(context.getNumber(oid)))),
    )
    const source = context.newFunction('source', (index) =>
      this.#guarded((host) => context.newString(host.source(context.getNumber(index)))),
    )
    const finish = context.newFunction('finish', (text) => {
      this.#outcome ??= JSON.parse(context.getString(text)) as GuestOutcome
    })
    this.#start = context.unwrapResult(context.callFunction(make, context.undefined, read, source, finish))
    this.#image = imageOf(memory)
  }

  /** Whether this realm must not be used again: its engine failed, or its memory has grown. */
  get spent(): boolean {
    return this.#spent || this.#memory.buffer.byteLength > keptBytes
  }

  /** Runs one call to its end. The realm must be fresh: call `reset` between calls. */
  run(call: GuestCall, host: Host, limits: Limits): GuestOutcome {
    this.#host = host
    this.#limits = limits
    this.#outcome = undefined
    this.#late = undefined
    this.#callEnds = performance.now() + limits.wallMs
    try {
      this.#runJobs(call)
    } catch (failure) {
      this.#spent = true
      this.#outcome ??= { kind: 'failed', code: 'limits', message: spentMessage(failure, this.memoryMb) }
    }
    return this.#ending(call.receiver)
  }

  #runJobs(call: GuestCall): void {
    this.#beginTurn()
    const text = this.#context.newString(JSON.stringify(call))
    let result: { error?: QuickJSHandle | undefined } = this.#context.callFunction(
      this.#start,
      this.#context.undefined,
      text,
    )
    let slice = 1
    while (this.#outcome === undefined) {
      if (this.#late !== undefined) this.#outcome = { kind: 'failed', code: 'limits', message: this.#late }
      else if (result.error !== undefined) this.#outcome = this.#broken(result.error)
      else {
        const began = performance.now()
        this.#beginTurn()
        const jobs = this.#runtime.executePendingJobs(slice)
        if (jobs.error === undefined && jobs.value === 0) return
        slice = performance.now() - began < 5 ? jobsPerSlice : 1
        result = jobs
        if (this.#late === undefined && performance.now() > this.#callEnds) this.#isOver()
      }
    }
  }

  /** With no memory left a job disappears without a word, and what is thrown is null: both say what happened. */
  #ending(receiver: number): GuestOutcome {
    const silence = 'the method waits for a promise that nothing settles'
    const outcome = this.#outcome ?? { kind: 'failed', code: 'threw', message: silence, object: receiver }
    const full = this.#memory.buffer.byteLength > 0.75 * 65536 * pagesOf(this.memoryMb)
    if (!full || outcome.kind !== 'failed' || outcome.code !== 'threw') return outcome
    return { ...outcome, code: 'limits', message: spentMessage(outcome.message, this.memoryMb) }
  }

  #beginTurn(): void {
    this.#host?.beat()
    this.#turnEnds = performance.now() + this.#limits.cpuMs
  }

  /** Asked by the engine: true ends what is running, and nothing in the realm can catch that. */
  #isOver(): boolean {
    if (this.#outcome !== undefined || this.#late !== undefined) return true
    const now = performance.now()
    if (now > this.#turnEnds) this.#late = `ran for more than ${this.#limits.cpuMs} ms without awaiting`
    else if (now > this.#callEnds) this.#late = `did not end within ${this.#limits.wallMs} ms`
    return this.#late !== undefined
  }

  /** An error that left the prelude itself: only the engine makes those. */
  #broken(error: QuickJSHandle): GuestOutcome {
    const told: unknown = this.#context.dump(error)
    const message = String((told as { message?: unknown } | null)?.message ?? told)
    return { kind: 'failed', code: 'limits', message: spentMessage(message, this.memoryMb) }
  }

  #guarded(read: (host: Host) => QuickJSHandle): QuickJSHandle {
    try {
      return read(this.#host!)
    } catch (cause) {
      this.#outcome ??= { kind: 'fault', cause }
      return this.#context.undefined
    }
  }

  /** Puts the realm back as it was made. */
  reset(): void {
    const bytes = new Uint8Array(this.#memory.buffer)
    for (const range of this.#image) bytes.set(range.bytes, range.from)
    this.#host = undefined
  }

  /** The engine's judgement of a method's text: undefined, or what is wrong in which line of it. */
  check(source: string): { readonly line: number; readonly message: string } | undefined {
    this.#turnEnds = performance.now() + 1000
    this.#callEnds = this.#turnEnds
    this.#outcome = this.#late = undefined
    for (const [text, shift] of [
      [`(\n${source}\n)`, 1],
      [source, 0],
    ] as const) {
      const result = this.#context.evalCode(text, generatedFile, { compileOnly: true, strict: true })
      if (result.error === undefined) continue
      const error = this.#context.dump(result.error) as { message: string; lineNumber?: number }
      const line = Math.max(1, (error.lineNumber ?? 1) - shift)
      return { line: Math.min(line, source.split('\n').length), message: error.message }
    }
    return undefined
  }
}

function spentMessage(failure: unknown, memoryMb: number): string {
  const reason = failure instanceof Error ? failure.message : String(failure)
  return `used up its memory (limit ${memoryMb} MB) or its stack: ${reason}`
}

/** All of the memory that is not empty; the one great gap (the engine's unused stack) is left out. */
function imageOf(memory: WebAssembly.Memory): Range[] {
  const page = 4096
  const empty = new Uint8Array(page)
  const bytes = new Uint8Array(memory.buffer)
  const ranges: { from: number; to: number }[] = []
  for (let from = 0; from < bytes.length; from += page) {
    if (Buffer.compare(bytes.subarray(from, from + page), empty) === 0) continue
    const last = ranges.at(-1)
    if (last !== undefined && from - last.to < 64 * page) last.to = from + page
    else ranges.push({ from, to: from + page })
  }
  return ranges.map(({ from, to }) => ({ from, bytes: bytes.slice(from, to) }))
}
