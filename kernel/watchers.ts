// Who is told of what happens beside the client that asked for it: those who subscribed.
//
// What a cycle does while it runs is told as it happens; what a watcher cannot take at that moment is lost to it.
// What was committed is told by number, and never lost: every transaction after the one up to which the watcher has seen
// all (`since`), in order, each with the number of the one told before it (`after`). Where telling stands is kept with the
// watch; a watcher that missed something, or lost its connection, asks again and names the last number it saw, and telling
// goes on from there. A kernel that was killed knows no watches; the same asking begins them anew.
import { setTimeout as pause } from 'node:timers/promises'
import { BatError } from '../src/base/errors.ts'
import { numberOf, type Tid } from '../src/base/ids.ts'
import { takeTurns } from '../src/base/turns.ts'
import type { Observation } from '../src/cognition/observation.ts'
import type { TransactionRecord } from '../src/image/history.ts'
import type { Image } from '../src/image/image.ts'
import type { ExpertEvent } from '../src/protocol/messages.ts'

export interface Watcher {
  observe(cycle: string, observation: Observation): void
  expert(event: ExpertEvent): void
  /** Told first: what comes after this transaction will be told. */
  begin(from: Tid): void
  /** Answers whether the connection took it. */
  change(record: TransactionRecord, after: Tid): Promise<boolean>
}

/** How long what the connection does not take is kept back, and after how long nobody is believed to be there. */
const RETRY_MS = 500
const LOST_MS = 60_000

interface Watch extends Watcher {
  /** Everything up to here was told. */
  last: Tid
  ended: boolean
  /** Something is new since telling last looked; and how to tell it that. */
  woken: boolean
  resolve: () => void
}

function wake(watch: Watch): void {
  watch.woken = true
  watch.resolve()
}

export class Watchers {
  readonly #image: Image
  readonly #watches = new Map<string, Watch>()
  readonly #forget: () => void

  constructor(image: Image) {
    this.#image = image
    this.#forget = image.onCommit(() => {
      for (const watch of this.#watches.values()) wake(watch)
    })
  }

  /**
   * Watches for the request `key`, from now on or from what came after `since`; resolves when `remove` ends it. Throws
   * E_PACKED, E_NO_TRANSACTION, and E_WATCH_LOST when nobody takes what is told.
   */
  async add(key: string, watcher: Watcher, since: Tid = this.#image.head): Promise<void> {
    const watch: Watch = { ...watcher, last: since, ended: false, woken: false, resolve: () => {} }
    this.#check(since)
    this.#watches.set(key, watch)
    watch.begin(since)
    try {
      await this.#run(watch)
    } finally {
      this.#watches.delete(key)
    }
  }

  /** Goes on from what came after `since`, for a watcher that asked again. */
  resume(key: string, since: Tid | undefined): void {
    const watch = this.#watches.get(key)
    if (watch === undefined || since === undefined || numberOf(since) >= numberOf(watch.last)) return
    watch.last = since
    wake(watch)
  }

  remove(key: string): boolean {
    const watch = this.#watches.get(key)
    if (watch === undefined) return false
    watch.ended = true
    wake(watch)
    return true
  }

  tell(cycle: string, observation: Observation): void {
    for (const watch of this.#watches.values()) watch.observe(cycle, observation)
  }

  tellOfExpert(event: ExpertEvent): void {
    for (const watch of this.#watches.values()) watch.expert(event)
  }

  stop(): void {
    this.#forget()
    for (const key of this.#watches.keys()) this.remove(key)
  }

  #check(since: Tid): void {
    if (numberOf(since) > numberOf(this.#image.head)) throw new BatError('E_NO_TRANSACTION', { tid: since })
    this.#image.changes(since)
  }

  async #run(watch: Watch): Promise<void> {
    const turn = takeTurns()
    let refusedSince: number | undefined
    while (!watch.ended) {
      watch.woken = false
      if (await this.#catchUp(watch, turn)) refusedSince = undefined
      else {
        refusedSince ??= performance.now()
        if (performance.now() - refusedSince > LOST_MS) throw new BatError('E_WATCH_LOST')
        await pause(RETRY_MS, undefined, { ref: false })
        continue
      }
      if (!watch.woken) await new Promise<void>((resolve) => Object.assign(watch, { resolve }))
    }
  }

  /** Tells all there is to tell; answers whether it was taken. */
  async #catchUp(watch: Watch, turn: () => Promise<void> | undefined): Promise<boolean> {
    for (const record of this.#image.changes(watch.last)) {
      await turn()
      if (watch.ended) return true
      const after = watch.last
      if (!(await watch.change(record, after))) return false
      if (watch.last !== after) return true // set back meanwhile, and woken
      watch.last = record.tid
    }
    return true
  }
}
