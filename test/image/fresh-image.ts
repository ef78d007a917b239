// Images for tests: real ones, in folders of their own that go when the test is over. Without fsync unless it matters.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Oid } from '../../src/base/ids.ts'
import type { Value } from '../../src/base/value.ts'
import type { Image } from '../../src/image/image.ts'
import { type ImageOptions, openImage } from '../../src/image/open.ts'
import type { Transaction } from '../../src/image/transaction.ts'

/** A folder that is removed after the test. */
export async function freshFolder(test: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'batos-image-'))
  test.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A clock that a test sets forward. */
export class TestClock {
  time = Date.UTC(2030, 0, 1)
  now(): number {
    return this.time
  }
}

/** An image that can be closed and opened again; it is closed after the test. */
export class TestImage {
  image!: Image
  readonly clock = new TestClock()
  readonly dir: string
  readonly #options: Partial<ImageOptions>

  constructor(dir: string, options: Partial<ImageOptions> = {}) {
    this.dir = dir
    this.#options = options
  }

  async open(): Promise<this> {
    this.image = await openImage({ dir: this.dir, clock: this.clock, durable: false, ...this.#options })
    return this
  }

  async reopen(): Promise<void> {
    await this.image.close()
    await this.open()
  }

  begin(user = 'ada'): Transaction {
    return this.image.begin({ user })
  }

  /** Runs `work` in a transaction of its own and commits it. */
  async commit<T>(work: (transaction: Transaction) => T, user = 'ada'): Promise<T> {
    return (await this.image.transact({ user }, work)).value
  }

  /** An object with these slots, known to the root as `name`. */
  make(name: string, slots: Record<string, Value> = {}): Promise<Oid> {
    return this.commit((transaction) => {
      const object = transaction.create(slots)
      transaction.root.set(name, object.ref)
      return object.oid
    })
  }

  /** A slot as committed now. */
  slot(oid: Oid, slot: string): Value | undefined {
    return this.image.at(this.image.head).get(oid).get(slot)
  }
}

export async function freshImage(test: TestContext, options: Partial<ImageOptions> = {}): Promise<TestImage> {
  const made = await new TestImage(await freshFolder(test), options).open()
  test.after(() => made.image.close())
  return made
}

/** What `assert.throws` and `assert.rejects` compare an error with. */
export const coded = (code: string, details?: Readonly<Record<string, unknown>>) => (error: unknown) => {
  const { code: found, details: values } = error as { code?: string; details?: Record<string, unknown> }
  if (found !== code) throw new Error(`${code} expected, ${String(error)} thrown`, { cause: error })
  for (const [key, value] of Object.entries(details ?? {})) {
    if (JSON.stringify(values?.[key]) !== JSON.stringify(value)) {
      throw new Error(`${key} is ${JSON.stringify(values?.[key])}, not ${JSON.stringify(value)}`)
    }
  }
  return true
}
