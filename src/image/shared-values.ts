// Large values, each kept once in the table `values` under its digest, whoever holds it and in however many revisions: a
// change of one slot writes that slot and not the two hundred methods beside it. Where values are cut out of slots, and how
// they are named there, is told in codec.ts. Those read lately are kept decoded, up to a bound in bytes of their encodings.
import { hash } from 'node:crypto'
import type { Value } from '../base/value.ts'
import { ByteReader } from './byte-reader.ts'
import { ClockCache, type Kept } from './clock-cache.ts'
import { DIGEST_SIZE, readValue, type Sharing } from './codec.ts'
import { Horizon } from './horizon.ts'
import { valueKey } from './keyspace.ts'
import type { Digest, Unread } from './lazy-slots.ts'
import type { Put } from './put.ts'
import { damaged, formatValue, parseRecordOf } from './record.ts'
import type { Store } from './store.ts'

interface Cached extends Kept {
  readonly value: Value
}

const CACHE_BYTES = 16 * 2 ** 20

export class SharedValues {
  readonly #store: Store
  /** Shared values by digest; whole values of slots that hold some, by what was kept of them. */
  readonly #cache: ClockCache<Digest | Unread, Cached>

  constructor(store: Store, bytes = CACHE_BYTES) {
    this.#store = store
    this.#cache = new ClockCache({ bytes })
  }

  has(digest: Digest): boolean {
    return this.#store.get('values', valueKey(digest)) !== undefined
  }

  /** The value of a slot. Throws E_RECORD_DAMAGED naming the shared value that is damaged or not there. */
  read = (unread: Unread): Value => {
    const isWhole = unread.encoding.length === DIGEST_SIZE
    return isWhole ? this.#get(unread.digests[0]!).value : this.#compound(unread).value
  }

  #compound(unread: Unread): Cached {
    const known = this.#known(unread)
    if (known) return known
    let bytes = unread.encoding.length
    const value = readValue(new ByteReader(unread.encoding), (digest) => {
      const part = this.#get(digest)
      bytes += part.bytes
      return part.value
    })
    return this.#keep(unread, { value, bytes, used: false })
  }

  #get(digest: Digest): Cached {
    const known = this.#known(digest)
    if (known) return known
    const key = valueKey(digest)
    const record = this.#store.get('values', key)
    if (!record) throw damaged('values', key, 'it is not there')
    const value = parseRecordOf('value', { table: 'values', key, record })
    return this.#keep(digest, { value, bytes: record.length, used: false })
  }

  #known(key: Digest | Unread): Cached | undefined {
    const cached = this.#cache.get(key)
    if (cached) cached.used = true
    return cached
  }

  #keep(key: Digest | Unread, cached: Cached): Cached {
    this.#cache.keep(key, cached)
    return cached
  }
}

/** Keeps the large values of what one transaction writes, and remembers and tells `horizon` which it refers to. */
export class Sharer implements Sharing {
  /** All shared values that the revisions written refer to, those written before included. */
  readonly digests = new Set<Digest>()
  readonly #values: SharedValues
  readonly #put: (put: Put) => void
  readonly #horizon: Horizon

  constructor(values: SharedValues, put: (put: Put) => void, horizon = new Horizon()) {
    this.#values = values
    this.#horizon = horizon
    this.#put = put
  }

  keep(encoding: Uint8Array): Digest {
    const digest = hash('sha256', encoding, 'hex').slice(0, 32)
    const isKept = this.digests.has(digest) || this.#values.has(digest)
    if (!isKept) this.#put(formatValue(valueKey(digest), encoding))
    return digest
  }

  refers(unread: Unread): void {
    for (const digest of unread.digests) {
      this.digests.add(digest)
      this.#horizon.refers(digest)
    }
  }
}
