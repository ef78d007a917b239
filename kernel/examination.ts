// The examination of a new adapter: it and what serves now are asked the same questions with the same seeds, held-out ones
// of its task and the fixed regression suite, by the serving model in an inference process of its own. That process may
// be ended by the adapter, and whoever is served notices nothing but a busy machine; it has a lower priority, too.
//
// The candidate is asked first: one that cannot be used wastes nobody's time.
import { BatError } from '../src/base/errors.ts'
import { lowerPriority } from '../src/base/priority.ts'
import type { Progress } from '../src/base/progress.ts'
import { type Answer, score } from '../src/forge/evaluation.ts'
import type { Example } from '../src/forge/examples.ts'
import {
  compare,
  type GateLimits,
  gateLimits,
  leastExamples,
  type Verdict,
  verdictOf,
} from '../src/forge/gate.ts'
import type { Adapter } from '../src/mind/engine-messages.ts'
import type { Inference } from '../src/mind/inference.ts'
import { startSandbox } from '../src/sandbox/sandbox.ts'
import { makeJudge } from './judge.ts'

export interface Examination {
  /** Starts the engine that is asked, with the model that serves. */
  readonly start: () => Inference
  readonly candidate: Adapter
  /** What serves now; absent: the model as it is. */
  readonly serving?: Adapter
  readonly heldOut: readonly Example[]
  readonly regression: readonly Example[]
  readonly limits?: GateLimits
  readonly signal: AbortSignal
  readonly onProgress?: (progress: Progress) => void
}

const PRIORITY = 10

/** Throws E_HELD_OUT when the set is too small to show anything, E_EXAMINER when the model does not come up. */
export async function examine(examination: Examination): Promise<Verdict> {
  const { start, candidate, serving, heldOut, regression, signal } = examination
  const { limits = gateLimits, onProgress } = examination
  const least = leastExamples(limits)
  if (heldOut.length < least) throw new BatError('E_HELD_OUT', { count: heldOut.length, least, p: limits.p })
  const engine = start()
  const sandbox = await startSandbox({})
  try {
    await ready(engine, signal)
    const total = 2 * (heldOut.length + regression.length)
    let done = 0
    const onAnswer = () => onProgress?.({ what: 'examined', done: ++done, total })
    const infer: Inference['infer'] = (request, options) => engine.infer(request, options)
    const scoring = { infer, judge: makeJudge(sandbox), signal, onAnswer }
    const all = [...heldOut, ...regression]
    const scores = await score(all, { ...scoring, adapter: candidate }).catch(unusable)
    if ('reason' in scores) return { passed: false, limits, ...scores }
    const before = await score(all, { ...scoring, ...(serving && { adapter: serving }) })
    const part = (answers: readonly Answer[]) =>
      [answers.slice(0, heldOut.length), answers.slice(heldOut.length)] as const
    const [[heldNow, restNow], [heldBefore, restBefore]] = [part(scores), part(before)]
    return verdictOf(compare(heldBefore, heldNow), compare(restBefore, restNow), limits)
  } finally {
    await Promise.all([engine.stop(), sandbox.stop()])
  }
}

async function ready(engine: Inference, signal: AbortSignal): Promise<void> {
  const { state, reason = state, pid } = await engine.ready()
  signal.throwIfAborted()
  if (state !== 'ready') throw new BatError('E_EXAMINER', { reason })
  if (pid !== undefined) lowerPriority(pid, PRIORITY)
}

/** What a candidate is found to be that cannot be asked to the end. */
function unusable(thrown: unknown) {
  if (thrown instanceof BatError) {
    const problem = thrown.message
    if (thrown.code === 'E_ADAPTER_INVALID') return { reason: 'invalid', problem } as const
    if (thrown.code === 'E_ENGINE_LOST') return { reason: 'died', problem } as const
  }
  throw thrown
}
