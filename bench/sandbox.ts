// Sends between objects inside the sandbox, and the whole way of a call into its thread and back, beside what the same costs
// with nothing around it: sends as plain async calls in this process, and an empty message to a thread and back.
import { Worker } from 'node:worker_threads'
import { oidOf } from '../src/base/ids.ts'
import { Method, type Provenance, Ref, type Value } from '../src/base/value.ts'
import { type Call, type Sandbox, startSandbox } from '../src/sandbox/sandbox.ts'
import { median, type Row, row } from './result.ts'

const SENDS = 20_000
const CALLS = 500

export async function* run(): AsyncIterable<Row> {
  const sandbox = await startSandbox({})
  try {
    const sends = await sendsPerSecond(sandbox)
    const plain = await plainSendsPerSecond()
    yield row(
      'sends between objects, a second',
      sends,
      plain,
      'at least 50,000',
      ({ ours }) => ours >= 50_000,
    )
    const call = await callMs(sandbox)
    const echo = await echoMs()
    yield row('call of a known method, ms', call, echo, 'under 1 ms', ({ ours }) => ours < 1)
  } finally {
    await sandbox.stop()
  }
}

const loop = `async function run_(self, a) {
  for (let i = 0; i < a; i++) await self.peer.add_(i);
  return self.peer.total;
}`
const add =
  'function add_(self, a) { self.total = self.total + a; self._p_changed = true; return self.total; }'

/** obj:1 sends to obj:2, which inherits the method over two parents. */
const world: readonly [number, Readonly<Record<string, Value>>][] = [
  [1, { peer: new Ref(oidOf(2)), run_: method(loop) }],
  [2, { total: 0, 'parent*': new Ref(oidOf(3)) }],
  [3, { 'parent*': new Ref(oidOf(4)) }],
  [4, { add_: method(add) }],
]

async function sendsPerSecond(sandbox: Sandbox): Promise<number> {
  const rates: number[] = []
  for (let i = 0; i < 5; i++) {
    const began = performance.now()
    await answer(sandbox, 1, 'run_', SENDS)
    rates.push((SENDS / (performance.now() - began)) * 1000)
  }
  return median(rates)
}

async function plainSendsPerSecond(): Promise<number> {
  const add = async (self: { total: number }, a: number) => {
    self.total += a
    return self.total
  }
  const peer = { total: 0 }
  const began = performance.now()
  for (let i = 0; i < SENDS; i++) await add(peer, i)
  return (SENDS / (performance.now() - began)) * 1000
}

async function callMs(sandbox: Sandbox): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < CALLS; i++) {
    const began = performance.now()
    await answer(sandbox, 2, 'add_', 4)
    times.push(performance.now() - began)
  }
  return median(times)
}

async function echoMs(): Promise<number> {
  const source =
    'const { parentPort: p } = require("node:worker_threads"); p.on("message", (m) => p.postMessage(m))'
  const worker = new Worker(source, { eval: true })
  const times: number[] = []
  for (let i = 0; i < CALLS; i++) {
    const began = performance.now()
    await new Promise((resolve) => {
      worker.once('message', resolve)
      worker.postMessage(i)
    })
    times.push(performance.now() - began)
  }
  await worker.terminate()
  return median(times)
}

async function answer(sandbox: Sandbox, receiver: number, selector: string, arg: number): Promise<void> {
  const call: Call = {
    snapshot: 'tx:1',
    overlay: world.map(([n, slots]) => ({ oid: oidOf(n), slots: new Map(Object.entries(slots)) })),
    receiver: oidOf(receiver),
    selector,
    args: [arg],
    newOids: [],
    now: 0,
    randomSeed: 1,
    frozen: [],
  }
  const result = await sandbox.invoke(call)
  if (result.kind !== 'answer') throw new Error(JSON.stringify(result))
}

function method(source: string): Method {
  const provenance: Provenance = {
    author: 'user',
    user: 'bench',
    cycle: 'cycle:0',
    time: 0,
    state: 'active',
    witnesses: [],
  }
  return new Method({ source, provenance })
}
