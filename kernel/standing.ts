// When a method is no longer provisional: after so many calls that succeeded, counted in this process, or by a user's word
// (commands/feedback.ts). The calls do not wait for it.
import type { Logger } from '../src/base/log.ts'
import { Method } from '../src/base/value.ts'
import type { Image } from '../src/image/image.ts'
import type { Obj } from '../src/image/object.ts'

const CALLS = 10

export class Standing {
  readonly #image: Image
  readonly #log: Logger
  readonly #calls = new Map<string, number>()
  #last: Promise<void> = Promise.resolve()

  constructor(image: Image, log: Logger) {
    this.#image = image
    this.#log = log
  }

  /** Takes notice of a call of the method in a slot of `holder` that succeeded. */
  succeeded(holder: Obj, selector: string, method: Method): void {
    if (method.provenance.state !== 'provisional') return
    const key = `${holder.oid}.${selector} ${method.hash}`
    const calls = (this.#calls.get(key) ?? 0) + 1
    this.#calls.set(key, calls)
    if (calls !== CALLS) return
    this.#last = this.#activate(holder, selector, method.hash)
      .catch((failure) => this.#log.warn({ err: failure }, 'a method stays provisional'))
      .finally(() => this.#calls.delete(key))
  }

  /** Resolves when what was begun is done. */
  settled(): Promise<void> {
    return this.#last
  }

  async #activate({ oid }: Obj, selector: string, hash: string): Promise<void> {
    const description = `${selector} is active after ${CALLS} calls`
    await this.#image.transact({ user: 'kernel', description, meta: { kind: 'upkeep' } }, (transaction) => {
      const object = transaction.get(oid)
      const method = object.get(selector)
      if (method instanceof Method && method.hash === hash) object.set(selector, method.inState('active'))
    })
  }
}
