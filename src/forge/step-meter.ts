// What the steps of a training took, between one report and the next.

export interface StepCounts {
  readonly loss: number
  readonly tokens: number
  readonly feedMs: number
  readonly gradientMs: number
  readonly optimizerMs: number
}

export interface Measured {
  /** Means of the steps. */
  readonly loss: number
  readonly stepMs: readonly [feed: number, gradient: number, optimizer: number]
  readonly tokensPerSecond: number
}

const nothing: StepCounts = { loss: 0, tokens: 0, feedMs: 0, gradientMs: 0, optimizerMs: 0 }

export class StepMeter {
  #begun = performance.now()
  #steps = 0
  #sum = nothing

  add(step: StepCounts): void {
    const sum = this.#sum
    this.#steps++
    this.#sum = {
      loss: sum.loss + step.loss,
      tokens: sum.tokens + step.tokens,
      feedMs: sum.feedMs + step.feedMs,
      gradientMs: sum.gradientMs + step.gradientMs,
      optimizerMs: sum.optimizerMs + step.optimizerMs,
    }
  }

  /** The figures since the last time, which begin anew. */
  take(): Measured {
    const now = performance.now()
    const { loss, tokens, feedMs, gradientMs, optimizerMs } = this.#sum
    const steps = this.#steps
    const tokensPerSecond = tokens / ((now - this.#begun) / 1000)
    this.#begun = now
    this.#steps = 0
    this.#sum = nothing
    return {
      loss: loss / steps,
      stepMs: [feedMs / steps, gradientMs / steps, optimizerMs / steps],
      tokensPerSecond,
    }
  }
}
