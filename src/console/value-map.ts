// Looking into answers whose shape the kernel may extend: what is there is shown, what is missing is not an error.
import { isPlainObject, Method, type PlainObject, type Value } from '../base/value.ts'

export const mapOf = (value: Value | undefined): PlainObject =>
  isPlainObject(value) ? (value as PlainObject) : {}

export const listOf = (value: Value | undefined): readonly Value[] => (Array.isArray(value) ? value : [])

export const textOf = (value: Value | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined

/** The first method in an answer: the answer itself, or one of its entries. */
export function methodIn(value: Value): Method | undefined {
  if (value instanceof Method) return value
  return Object.values(mapOf(value)).find((item): item is Method => item instanceof Method)
}
