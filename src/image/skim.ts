// What an encoded value names, with nothing made of it: texts are gone over, lists and maps gone through. Who follows all
// references of an image reads most records only for these.
import type { ByteReader } from './byte-reader.ts'
import { BIGINT, BLOB, DATE, METHOD, PRIMITIVE, REF, SHARED, TREE, UTF16 } from './codec.ts'

export interface Named {
  /** The number of the oid of an object or a Tree. */
  object(number: number): void
  /** SHA-256. */
  blob(sha256: Uint8Array): void
  /** The digest of a value that is kept once for all. */
  value(digest: Uint8Array): void
}

/** Goes over one value, or the slots of an object. Throws when the bytes are of no known form. */
export function skim(from: ByteReader, to: Named): void {
  const head = from.over()
  switch (head) {
    case 'value':
      return
    case 'array':
      for (let left = from.size; left > 0; left--) skim(from, to)
      return
    case 'map':
      for (let left = from.size * 2; left > 0; left--) skim(from, to)
      return
    case 'extension':
      skimExtension(from, to)
      return
    default:
      head satisfies never
  }
}

function skimExtension(from: ByteReader, to: Named): void {
  const { type, size } = from
  switch (type) {
    case REF:
    case TREE:
      to.object(from.unsigned(size))
      return
    case BLOB:
      to.blob(from.bytes(32))
      from.skip(size - 32)
      return
    case METHOD:
      skim(from, to)
      return
    case SHARED:
      to.value(from.bytes(size))
      return
    case PRIMITIVE:
    case BIGINT:
    case DATE:
    case UTF16:
      from.skip(size)
      return
    default:
      throw new Error(`extension ${type} is not known`)
  }
}
