// The experts at work: every call that is made for a persona goes through here and gets the adapter that serves the persona at
// that moment, in the image as it is now. What it took to have it there is measured by tier (src/mind/swaps.ts) and kept.
//
// An adapter that was checked against another model does not fit and is left out; at a model server, whose model nobody sees,
// one that it has under none of its names. So is one that turned out to be unusable
// (its file is damaged, it ended the process too often): the persona then thinks as the bare model, which is told, and the
// result names no adapter.
import type { Clock } from '../src/base/clock.ts'
import { BatError, type ErrorCode } from '../src/base/errors.ts'
import type { Logger } from '../src/base/log.ts'
import type { Image } from '../src/image/image.ts'
import type { Metrics } from '../src/metacognition/metrics.ts'
import type { Adapter, InferRequest, InferResult, Swap } from '../src/mind/engine-messages.ts'
import type { EngineStatus, Inference, InferOptions } from '../src/mind/inference.ts'
import { namesOfAdapter } from '../src/mind/remote-server.ts'
import type { WarmAdapters } from '../src/mind/warm-adapters.ts'
import type { ExpertEvent } from '../src/protocol/messages.ts'
import { expertsIn, personasIn, type Serving, servingIn } from './experts.ts'

export interface ExpertDeskOptions {
  readonly image: Image
  readonly engine: Inference
  readonly warm: WarmAdapters
  readonly metrics: Metrics
  readonly clock: Clock
  readonly log: Logger
  readonly tell: (event: ExpertEvent) => void
}

/** The last time that a persona's adapter was brought to work. */
export interface LastSwap extends Swap {
  readonly at: number
}

/** Where an adapter is: a context with it, its file at hand, in the image only. */
export type Tier = 'hot' | 'warm' | 'cold'

const faults: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(['E_ADAPTER_INVALID', 'E_ADAPTER_QUARANTINED', 'E_BLOB_MISSING', 'E_BLOB_DAMAGED'] as const),
])

export class ExpertDesk {
  readonly #options: ExpertDeskOptions
  /** By digest, why an adapter is left out. */
  readonly #faults = new Map<string, string>()
  readonly #swaps = new Map<string, LastSwap>()

  constructor(options: ExpertDeskOptions) {
    this.#options = options
  }

  /** Like the engine's `infer`, with the adapter of the request's persona. */
  async infer(request: InferRequest, options: InferOptions = {}): Promise<InferResult> {
    const { engine } = this.#options
    const { persona } = request
    const serving = persona === undefined || request.adapter ? undefined : await this.#fitting(persona)
    if (persona === undefined || !serving) return engine.infer(request, options)
    const answered = await this.#with(persona, serving, async (adapter) => {
      const result = await engine.infer({ ...request, adapter }, options)
      return { swap: result.swap, result }
    })
    return answered?.result ?? engine.infer(request, options)
  }

  /** Has the adapters of these personas at work before they are asked for; what goes wrong shows when they are. */
  async prefetch(personas: readonly string[]): Promise<void> {
    for (const persona of new Set(personas)) {
      const serving = await this.#fitting(persona)
      if (!serving) continue
      await this.#with(persona, serving, async (adapter) => ({
        swap: await this.#options.engine.prepare(adapter),
      }))
    }
  }

  prefetchAll(): Promise<void> {
    return this.prefetch(personasIn(this.#options.image.now()))
  }

  /** Why an adapter is left out, if it is: it does not fit the model, or was found to be unusable. */
  problemOf(persona: string, serving: Serving): string | undefined {
    return this.#faults.get(serving.blob.sha256) ?? unfit(persona, serving, this.#options.engine.status())
  }

  tierOf(sha256: string): Tier {
    const { adapters } = this.#options.engine.status()
    if (adapters?.hot.includes(sha256)) return 'hot'
    return this.#options.warm.held.includes(sha256) ? 'warm' : 'cold'
  }

  lastSwapOf(persona: string): LastSwap | undefined {
    return this.#swaps.get(persona)
  }

  /** An adapter is tried again, since somebody wants it to serve. */
  forgive(sha256: string): void {
    this.#faults.delete(sha256)
  }

  /** The engine takes no more calls with an adapter. */
  shun(sha256: string, reason: string): void {
    this.#fault(sha256, reason)
  }

  /** What serves a persona, where it can. */
  async #fitting(persona: string): Promise<Serving | undefined> {
    const { image, engine } = this.#options
    const serving = servingIn(image.now(), persona)
    if (!serving) return undefined
    const status = engine.status()
    const known = status.state === 'ready' ? status : await engine.ready()
    return fits(persona, serving, known) && !this.#faults.has(serving.blob.sha256) ? serving : undefined
  }

  /** Works with the adapter's file; undefined when the adapter is at fault. */
  async #with<T extends { readonly swap: Swap | undefined }>(
    persona: string,
    { blob: { sha256, size }, blob, base, name }: Serving,
    work: (adapter: Adapter) => Promise<T>,
  ): Promise<T | undefined> {
    const { image, warm } = this.#options
    const began = performance.now()
    try {
      return await warm.use({ sha256, size, source: () => image.blobPath(blob) }, async (path) => {
        const fileMs = performance.now() - began
        const done = await work({ path, sha256, scale: 1, name, base })
        if (done.swap) this.#note(persona, { ...done.swap, ms: done.swap.ms + fileMs })
        return done
      })
    } catch (thrown) {
      if (!(thrown instanceof BatError) || !faults.has(thrown.code)) throw thrown
      const isOurs = fits(persona, { blob, base, name }, this.#options.engine.status())
      if (isOurs) this.#fault(sha256, thrown.message) // else another model has taken over meanwhile
      return undefined
    }
  }

  #note(persona: string, swap: Swap): void {
    const { metrics, clock } = this.#options
    metrics.time(`swap_${swap.tier}`, swap.ms)
    this.#swaps.set(persona, { ...swap, at: clock.now() })
  }

  #fault(sha256: string, reason: string): void {
    if (this.#faults.has(sha256)) return
    const { log, metrics, tell, image } = this.#options
    this.#faults.set(sha256, reason)
    metrics.count('expert_faults')
    log.warn({ adapter: sha256, reason }, 'an expert is left out')
    const name = expertsIn(image.now()).find(({ blob }) => blob.sha256 === sha256)?.name ?? sha256
    tell({ kind: 'expert', name, what: 'dropped_out', reason })
  }
}

type Fit = Pick<Serving, 'blob' | 'base' | 'name'>

const fits = (persona: string, serving: Fit, status: EngineStatus): boolean =>
  (status.model ?? status.adapterNames) !== undefined && unfit(persona, serving, status) === undefined

/** Why an adapter does not fit what answers: our own engine's model is another, or a model server has none of its names. */
function unfit(
  persona: string,
  { blob, base, name }: Fit,
  { model, adapterNames }: EngineStatus,
): string | undefined {
  if (!adapterNames)
    return model && model.sha256 !== base ? `made for the model ${base.slice(0, 12)}` : undefined
  const names = namesOfAdapter({ sha256: blob.sha256, name }, persona)
  if (names.some((each) => adapterNames.includes(each))) return undefined
  return `the model server has no adapter called ${names.slice(1).join(' or ')}, nor by its digest`
}
