// The packs of an open image, one at a time (pack.ts says what each does). A pack goes back to no moment later than what
// anybody looks at: the snapshots of open transactions, and moments that are pinned; while one runs, no moment that it
// takes away can be pinned any more. Closing the image cuts a pack short, and the next one goes on.
import { BatError } from '../base/errors.ts'
import { numberOf, type Tid, tidOf } from '../base/ids.ts'
import type { History } from './history.ts'
import { type Packed, type PackFloor, type PackOptions, type PackReport, packImage } from './pack.ts'

export interface PackerOptions extends Omit<Packed, 'open'> {
  readonly history: History
  /** The transactions that are open. */
  readonly open: ReadonlySet<Moment>
}

interface Moment {
  readonly moment: number
}

export class Packer {
  readonly #options: PackerOptions
  /** Moments that are looked at, beside those of open transactions. */
  readonly #pins = new Set<Moment>()
  #packing: Packing | undefined

  constructor(options: PackerOptions) {
    this.#options = options
  }

  /** Throws E_PACKING, E_NO_TRANSACTION, E_DISK_FULL, or the reason of `signal`. */
  async pack({ before, ...options }: PackOptions): Promise<PackReport> {
    if (this.#packing) throw new BatError('E_PACKING')
    const ends = new AbortController()
    const signal = options.signal ? AbortSignal.any([ends.signal, options.signal]) : ends.signal
    const floor = this.#floor(before)
    const done = packImage(this.#options, floor, { ...options, signal })
    this.#packing = { ends, done: done.then(noted, noted), moment: options.dryRun ? 0 : floor.moment }
    try {
      return await done
    } finally {
      this.#packing = undefined
    }
  }

  /** Keeps a moment from being packed until the function that comes back is called. Throws E_PACKED when it is about to be. */
  pin(moment: number): () => void {
    if (this.#packing && moment < this.#packing.moment) {
      const floor = tidOf(this.#packing.moment)
      const time = new Date(this.#options.history.transaction(floor)?.time ?? 0).toISOString()
      throw new BatError('E_PACKED', { what: tidOf(moment), moment: floor, time })
    }
    const pin = { moment }
    this.#pins.add(pin)
    return () => void this.#pins.delete(pin)
  }

  /** Cuts short what is being packed, and waits for its end. */
  async close(): Promise<void> {
    this.#packing?.ends.abort(new BatError('E_IMAGE_CLOSED'))
    await this.#packing?.done
  }

  /** What a pack may go back to: no later than `before`, nor than what anybody looks at. */
  #floor(before: Tid | number): PackFloor {
    const { history, horizon, open } = this.#options
    const wanted = history.moment(before) ?? 0
    const seen = [...open, ...this.#pins].map(({ moment }) => moment)
    const moment = Math.max(horizon.moment, Math.min(wanted, ...seen))
    // an image that was loaded from a dump begins later than with tx:0
    const record = history.transaction(tidOf(moment)) ?? [...history.transactions({ limit: 1 })][0]
    if (!record) throw new BatError('E_NO_TRANSACTION', { tid: tidOf(moment) })
    return { moment: numberOf(record.tid), time: record.time }
  }
}

interface Packing extends Moment {
  readonly ends: AbortController
  readonly done: Promise<void>
}

/** Whoever packs is told how it ended; closing only waits for it. */
const noted = (): void => {}
