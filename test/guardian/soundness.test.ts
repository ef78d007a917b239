// The verdict against what happens: random methods are run over random inputs with every change of the state
// tracked. A run that changes the state and ends normally with no flag after the change must have been refused.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { compileFunction, createContext } from 'node:vm'
import fc from 'fast-check'
import { auditMethod, formatReport } from '../../src/guardian/audit.ts'
import { randomMethod, type Style } from './random-method.ts'

const RUNS = Number(process.env.GUARDIAN_RUNS ?? 500)
const SEED = Number(process.env.GUARDIAN_SEED ?? 7)
const context = createContext({})

interface Run {
  readonly ended: 'normally' | 'by exception'
  /** The state was changed after the last flag. */
  readonly owed: boolean
  readonly changed: boolean
}

/** Runs a method once; `bits` decides its conditions. */
async function run(method: Method, bits: number): Promise<Run> {
  const state = { n: 1, items: [{ n: 1, o: { n: 5 } }, { n: 2 }], map: { k: { n: 3, o: { n: 4 } } } }
  const proxies = new WeakMap<object, object>()
  const targets = new WeakMap<object, object>()
  let changed = false
  let owed = false
  // The shape of everything reachable, by identity, seen through the tracking.
  const print = (value: unknown, seen = new Map<object, number>()): string => {
    if (typeof value !== 'object' || value === null) return String(value)
    const target = targets.get(value) ?? value
    const known = seen.get(target)
    if (known !== undefined) return `#${known}`
    seen.set(target, seen.size)
    const parts = Object.keys(target).filter((k) => k !== '_p_changed')
    return `{${parts.map((k) => `${k}:${print(Reflect.get(target, k), seen)}`).join(',')}}`
  }
  let kept = print(state)
  const change = () => {
    changed = true
    owed = true
  }
  const track = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || targets.has(value)) return value
    const known = proxies.get(value)
    if (known) return known
    const proxy: object = new Proxy(value, {
      get: (target, key) => track(Reflect.get(target, key)),
      set: (target, key, next) => {
        if (target === state && key === '_p_changed') {
          owed = false
          kept = print(state)
          return true
        }
        change()
        return Reflect.set(target, key, next)
      },
      deleteProperty: (target, key) => {
        change()
        return Reflect.deleteProperty(target, key)
      },
      defineProperty: (target, key, descriptor) => {
        change()
        return Reflect.defineProperty(target, key, descriptor)
      },
    })
    proxies.set(value, proxy)
    targets.set(proxy, value)
    return proxy
  }
  let at = 0
  const argument = {
    c: () => ((bits >> (at++ % 24)) & 1) === 1,
    go: () => {
      if ((bits >> (at++ % 24)) & 1 && (bits >> (at % 24)) & 1) throw new Error('gone')
    },
    later: async () => {
      await null
      argument.go()
    },
  }
  let ended: Run['ended'] = 'normally'
  try {
    await method(track(state), argument)
  } catch {
    ended = 'by exception'
  }
  await new Promise((resolve) => setImmediate(resolve)) // what nobody waited for
  // A value stored into the state may be changed past the tracking; its print tells.
  const differs = print(state) !== kept
  return { ended, owed: owed || differs, changed: changed || differs }
}

type Method = (self: unknown, argument: unknown) => Promise<unknown>
const compiled = (text: string): Method =>
  compileFunction(`return (${text})`, [], { parsingContext: context })() as Method

const tape = (length: number) =>
  fc.noBias(
    fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: length / 4, maxLength: length, size: 'max' }),
  )

const inputs = fc.array(fc.nat(2 ** 24 - 1), { minLength: 3, maxLength: 3 })

async function compare(seen: readonly number[], bits: readonly number[], style: Style) {
  const text = randomMethod(seen, style)
  const verdict = auditMethod(text, { name: 'f_', arity: 1 })
  const method = compiled(text)
  const runs: Run[] = []
  for (const b of bits) runs.push(await run(method, b))
  return { text, verdict, runs }
}

it('refuses every random method that is seen to change the state and end with no flag after it', async () => {
  let accepted = 0
  let acceptedChanges = 0
  const errors: Error[] = []
  const ignore = (error: unknown) => errors.push(error as Error) // of promises nobody waits for
  process.on('unhandledRejection', ignore)
  try {
    await fc.assert(
      fc.asyncProperty(tape(200), inputs, async (seen, bits) => {
        const { text, verdict, runs } = await compare(seen, bits, {})
        const others = verdict.violations.filter((v) => v.code !== 'covenant')
        assert.deepEqual(others, [], `${text}\n${formatReport(verdict)}`)
        if (!verdict.ok) return
        accepted++
        if (runs.some((r) => r.changed && r.ended === 'normally')) acceptedChanges++
        for (const [i, r] of runs.entries())
          if (r.ended === 'normally')
            assert.equal(r.owed, false, `accepted, yet run ${i} (${bits[i]}) owes:\n${text}`)
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    )
  } finally {
    process.off('unhandledRejection', ignore)
  }
  assert.ok(accepted > RUNS / 20, `only ${accepted} of ${RUNS} were accepted`)
  assert.ok(
    acceptedChanges > RUNS / 50,
    `only ${acceptedChanges} of ${RUNS} were accepted and changed anything`,
  )
})

it('is exact on straight lines but for a bounded number of false alarms', async () => {
  let refused = 0
  let alarms = 0
  let total = 0
  const examples: string[] = []
  await fc.assert(
    fc.asyncProperty(tape(80), inputs, async (seen, bits) => {
      const { text, verdict, runs } = await compare(seen, bits, { straight: true })
      if (runs.some((r) => r.ended !== 'normally')) return
      total++
      if (verdict.ok) return assert.ok(!runs.some((r) => r.owed), `accepted, yet owes:\n${text}`)
      refused++
      if (!runs.some((r) => r.owed)) {
        alarms++
        examples.push(`${text}\n${formatReport(verdict)}`)
      }
    }),
    { numRuns: RUNS, seed: SEED, endOnFailure: true },
  )
  if (process.env.GUARDIAN_SHOW) process.stderr.write(`${examples.slice(0, 8).join('\n\n')}\n`)
  if (process.env.GUARDIAN_SHOW)
    process.stderr.write(`straight: ${total} ended, ${refused} refused, ${alarms} alarms\n`)
  assert.ok(alarms <= total * 0.05, `${alarms} false alarms in ${total}, for example\n${examples[0]}`)
})
