// When two values are the same answer: equal in structure, references by what they name, numbers up to the rounding of
// a few floating-point operations (a person who writes `=> 0.3` means 0.1 + 0.2 too).
import { isDeepStrictEqual } from 'node:util'
import { BlobRef, Method, Primitive, Ref, TreeRef, type Value } from './value.ts'

const ROUNDING = 1e-9

export function sameAnswer(a: Value, b: Value): boolean {
  if (typeof a === 'number' && typeof b === 'number') {
    return Object.is(a, b) || a === b || Math.abs(a - b) <= ROUNDING * Math.max(Math.abs(a), Math.abs(b))
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => sameAnswer(item, b[i]))
  if (isPlain(a) && isPlain(b)) {
    const keys = Object.keys(a)
    return (
      keys.length === Object.keys(b).length &&
      keys.every((key) => Object.hasOwn(b, key) && sameAnswer(a[key]!, b[key]!))
    )
  }
  if ((a instanceof Ref && b instanceof Ref) || (a instanceof TreeRef && b instanceof TreeRef))
    return a.oid === b.oid
  if (a instanceof BlobRef && b instanceof BlobRef) return a.sha256 === b.sha256
  if (a instanceof Method && b instanceof Method) return a.hash === b.hash
  if (a instanceof Primitive && b instanceof Primitive) return a.name === b.name
  return isDeepStrictEqual(a, b)
}

const isPlain = (value: object): value is { readonly [key: string]: Value } =>
  Object.getPrototypeOf(value) === Object.prototype
