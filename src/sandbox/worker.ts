// The thread that generated code runs in. It has the realm, reads the image by itself (the transaction's snapshot, with
// what the transaction has changed laid over it), and runs one call at a time from its first instruction to its end;
// between calls it puts the realm back. Its parent watches the beat it leaves in shared memory.
import { parentPort, workerData } from 'node:worker_threads'
import { oidOf, type Tid } from '../base/ids.ts'
import type { Method, Value } from '../base/value.ts'
import { Primitive } from '../base/value.ts'
import { openReader } from '../image/reader.ts'
import { type GuestChange, type GuestOutcome, type GuestPart, Isolate } from './isolate.ts'
import type { Limits } from './limits.ts'
import { decode, encode, type Node, packForRealm, packSlots, unpackSlots } from './marshal.ts'

/** What the thread is started with. `beat` counts slices. */
export interface WorkerSetup {
  readonly imageDir: string | undefined
  readonly engine: WebAssembly.Module
  readonly memoryMb: number
  readonly beat: SharedArrayBuffer
}

export interface WorkerCall {
  readonly kind: 'call'
  readonly snapshot: Tid
  /** Number and packed slots of every object the transaction has changed so far. */
  readonly overlay: readonly (readonly [number, string])[]
  readonly frozen: readonly number[]
  readonly receiver: number
  readonly selector: string
  readonly args: readonly Node[]
  readonly newOids: readonly number[]
  readonly now: number
  readonly seed: number
  readonly limits: Limits
}

export type WorkerRequest = WorkerCall | { readonly kind: 'check'; readonly source: string }

export type WorkerAnswer =
  | {
      readonly kind: 'answer'
      readonly value: Node
      readonly changed: readonly (readonly [number, string])[]
      readonly sends: number
      readonly cpuMs: number
    }
  | Exclude<GuestOutcome, { kind: 'answer' | 'fault' }>
  | { readonly kind: 'lost'; readonly message: string }
  | { readonly kind: 'checked'; readonly fault: { line: number; message: string } | undefined }
  | { readonly kind: 'ready' }

const setup = workerData as WorkerSetup
const port = parentPort!
const beat = new Int32Array(setup.beat)
const reader = setup.imageDir === undefined ? undefined : openReader(setup.imageDir)
let isolate = await Isolate.make(setup.engine, setup.memoryMb)

/** What one call has brought into the realm: the objects as they were, and the Methods by number. */
class Visit {
  readonly loaded = new Map<number, ReadonlyMap<string, Value>>()
  readonly methods: Method[] = []
  readonly #call: WorkerCall
  readonly #overlay: ReadonlyMap<number, string>
  readonly #frozen: ReadonlySet<number>

  constructor(call: WorkerCall) {
    this.#call = call
    this.#overlay = new Map(call.overlay)
    this.#frozen = new Set(call.frozen)
  }

  read(oid: number): string {
    const packed = this.#overlay.get(oid)
    const slots =
      packed === undefined ? reader?.read(oidOf(oid), this.#call.snapshot)?.slots : unpackSlots(packed)
    if (slots === undefined) return ''
    this.loaded.set(oid, slots)
    return packForRealm(slots, this.#frozen.has(oid), this.methods)
  }

  source(index: number): string {
    return this.methods[index]!.source
  }

  /** A changed object whole again: what the realm did not touch is taken from what was brought in. */
  whole([oid, ...parts]: GuestChange): readonly [number, string] {
    const before = this.loaded.get(oid)
    const slots = new Map<string, Value>()
    for (let i = 0; i < parts.length; i += 2) {
      const name = parts[i] as string
      slots.set(name, this.#valueOf(parts[i + 1] as GuestPart, before?.get(name)))
    }
    return [oid, packSlots(slots)]
  }

  #valueOf(part: GuestPart, before: Value | undefined): Value {
    if (part === 0) return before ?? null
    if (Array.isArray(part)) return decode(part[0], this.methods)
    return part.k === 'm' ? this.methods[part.v as number]! : new Primitive(String(part.v))
  }
}

function runCall(call: WorkerCall): WorkerAnswer {
  const visit = new Visit(call)
  const began = performance.now()
  const host = {
    read: (oid: number) => visit.read(oid),
    source: (index: number) => visit.source(index),
    beat: beatNow,
  }
  const { receiver, selector, args, newOids, now, seed, limits } = call
  const guestCall = { receiver, selector, args, newOids, now, seed, depth: limits.depth }
  const outcome = isolate.run(guestCall, host, limits)
  const cpuMs = performance.now() - began
  switch (outcome.kind) {
    case 'answer': {
      const { value, sends } = outcome
      const changed = outcome.changed.map((change) => visit.whole(change))
      const full = encode(decode(value, visit.methods))
      return { kind: 'answer', value: full, changed, sends, cpuMs }
    }
    case 'unhandled':
      return { ...outcome, args: outcome.args.map((arg) => encode(decode(arg, visit.methods))) }
    case 'fault':
      return { kind: 'lost', message: `the image could not be read: ${String(outcome.cause)}` }
    default:
      return outcome
  }
}

async function renew(memoryMb: number): Promise<void> {
  if (isolate.spent || isolate.memoryMb !== memoryMb) isolate = await Isolate.make(setup.engine, memoryMb)
}

const beatNow = () => void Atomics.add(beat, 0, 1)

async function serve(request: WorkerRequest): Promise<void> {
  beatNow()
  if (request.kind === 'call') {
    await renew(request.limits.memoryMb)
    port.postMessage(runCall(request) satisfies WorkerAnswer)
  } else {
    port.postMessage({ kind: 'checked', fault: isolate.check(request.source) } satisfies WorkerAnswer)
  }
  isolate.reset()
  await renew(isolate.memoryMb)
}

let served = Promise.resolve()
port.on('message', (request: WorkerRequest) => {
  served = served.then(() => serve(request))
})
port.postMessage({ kind: 'ready' } satisfies WorkerAnswer)
