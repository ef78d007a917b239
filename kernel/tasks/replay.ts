// `batos replay`: makes the recorded calls of a cycle again, or one call, and compares the answers with what the audit trail
// keeps. A process of its own does it, with the model that was asked then, beside the running kernel or without one. Only
// what is recorded is used: that it suffices is the point.
import { z } from 'zod'
import { loadConfig } from '../../src/base/config.ts'
import { BatError } from '../../src/base/errors.ts'
import type { Image } from '../../src/image/image.ts'
import type { AuditEvent } from '../../src/metacognition/audit-event.ts'
import { readTrail } from '../../src/metacognition/audit-trail.ts'
import { requestOfCall } from '../../src/metacognition/recorded-call.ts'
import type { Inference } from '../../src/mind/inference.ts'
import { candidateFor } from '../candidates.ts'
import { adapterEver } from '../experts-past.ts'
import { type Around, imageTask } from '../image-task.ts'
import { chosenIn, modelsIn } from '../models.ts'

interface Replayed {
  /** The id of its event. */
  readonly call: string
  readonly persona: string
  readonly seed: number
  readonly same: boolean
  readonly recorded: string
  /** What came now; absent when it could not be asked again. */
  readonly now?: string
  readonly problem?: string
}

export const replay = imageTask({
  on: 'image',
  sole: 'replay',
  options: z.strictObject({ id: z.string().min(1).max(128) }),
  run: async (image, { id }, around) => {
    const calls = await callsOf(around.home.auditFile, id)
    if (calls.length === 0) throw new BatError('E_NO_CALL', { id })
    const replayed: Replayed[] = []
    for (const model of new Set(calls.map(({ model_id }) => model_id ?? ''))) {
      const engine = await engineFor(image, model, around)
      try {
        for (const call of calls.filter(({ model_id = '' }) => model_id === model)) {
          replayed.push(await again(image, engine, call, around.signal))
          around.onProgress({ what: 'asked again', done: replayed.length, total: calls.length })
        }
      } finally {
        await engine.stop()
      }
    }
    return { same: replayed.every(({ same }) => same), calls: replayed }
  },
  ok: ({ same }) => same,
  text: ({ calls }) =>
    calls
      .map(({ call, persona, seed, same, recorded, now, problem }) => {
        const head = `${same ? '✓' : '✗'} ${call} ${persona} seed ${seed}`
        if (same) return `${head}: the same answer`
        if (now === undefined) return `${head}: ${problem}`
        return `${head}: another answer\n  then ${JSON.stringify(recorded)}\n  now  ${JSON.stringify(now)}`
      })
      .join('\n'),
})

async function callsOf(file: string, id: string): Promise<AuditEvent[]> {
  const calls: AuditEvent[] = []
  for await (const event of readTrail(file))
    if (event.event_type === 'LLM_CALL' && (event.cycle_id === id || event.event_id === id)) calls.push(event)
  return calls
}

/** The model of that digest where the image has it, else the one that is chosen now: `again` sees whether it is the same. */
async function engineFor(image: Image, model: string, { home }: Around): Promise<Inference> {
  const view = image.now()
  const chosen = modelsIn(view).find(({ blob }) => blob.sha256 === model) ?? chosenIn(view)
  const config = await loadConfig(home.config)
  return candidateFor(chosen, { config, image, environment: process.env }).start()
}

async function again(
  image: Image,
  engine: Inference,
  event: AuditEvent,
  signal: AbortSignal,
): Promise<Replayed> {
  const { event_id, active_persona = '', event_data } = event
  const { seed = 0, llm_response_raw: recorded = '' } = event_data
  const told = { call: event_id, persona: active_persona, seed, recorded }
  const { model, reason } = await engine.ready()
  if (model?.sha256 !== event.model_id) {
    const problem = `it was answered by the model ${event.model_id}, which is not here${reason ? `: ${reason}` : ''}`
    return { ...told, same: false, problem }
  }
  try {
    const { expert_version: adapter } = event
    const path = adapter === undefined ? '' : await adapterPath(image, adapter)
    const request = requestOfCall(event, () => path)
    if (!request) return { ...told, same: false, problem: 'an older version did not record it whole' }
    const { text: now } = await engine.infer(request, { signal })
    return { ...told, same: now === recorded, now }
  } catch (thrown) {
    signal.throwIfAborted()
    return { ...told, same: false, problem: (thrown as Error).message }
  }
}

async function adapterPath(image: Image, sha256: string): Promise<string> {
  const blob = await adapterEver(image, sha256)
  if (!blob) throw new Error(`it was answered with the adapter ${sha256}, which is not here`)
  return image.blobPath(blob)
}
