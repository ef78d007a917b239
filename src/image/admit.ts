// The gate of the image: what a slot or a tree entry may hold. A value is checked and copied when it is put in, so that a
// function, a socket or a cycle is refused at once, with its path, and so that nobody can change a value afterwards from
// outside: the copy is frozen. A key of a plain object whose value is undefined counts as absent, as in JSON.
import { BatError } from '../base/errors.ts'
import { BlobRef, isPlainObject, Method, Primitive, Ref, TreeRef, type Value } from '../base/value.ts'

/** Deeper nesting is refused: nobody means it, and readers recurse. */
export const DEPTH_LIMIT = 200

/** A frozen copy of `value`. Throws E_VALUE naming the path (`genesis.config.socket`), which begins with `path()`. */
export function admit(value: unknown, path: () => string): Value {
  return isAtom(value) || value instanceof Ref ? value : new Gate(path).pass(value)
}

/** Whether a value is taken as it is: nothing is in it, and it refers to nothing. */
export function isAtom(value: unknown): value is string | number | boolean {
  const type = typeof value
  return type === 'string' || type === 'number' || type === 'boolean'
}

class Gate {
  readonly #start: () => string
  readonly #keys: (string | number)[] = []
  readonly #within: object[] = []

  constructor(start: () => string) {
    this.#start = start
  }

  pass(value: unknown): Value {
    switch (typeof value) {
      case 'string':
      case 'number':
      case 'boolean':
      case 'bigint':
        return value
      case 'object':
        return value === null ? null : this.#object(value)
      case 'function':
        return this.#refuse(value.name === '' ? 'a function' : `the function ${value.name}`)
      default:
        return this.#refuse(typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`)
    }
  }

  #object(value: object): Value {
    if (value instanceof Ref || value instanceof TreeRef || value instanceof BlobRef) return value
    if (Array.isArray(value) || isPlainObject(value)) return this.#inside(value)
    if (value instanceof Primitive) return value
    if (value instanceof Method) {
      const provenance = this.#at('provenance', { ...value.provenance })
      return new Method({ source: value.source, provenance: provenance as unknown as Method['provenance'] })
    }
    if (value instanceof Date) {
      return Number.isNaN(value.getTime()) ? this.#refuse('an invalid date') : new Date(value)
    }
    if (value instanceof Uint8Array) return new Uint8Array(value)
    const maker: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name
    return this.#refuse(typeof maker === 'string' && maker !== '' ? `a ${maker}` : 'an object of a class')
  }

  #array(array: readonly unknown[]): Value {
    const copy = new Array<Value>(array.length)
    for (let i = 0; i < array.length; i++) copy[i] = this.#at(i, array[i])
    return Object.freeze(copy)
  }

  #plain(object: Readonly<Record<string, unknown>>): Value {
    if (Object.getOwnPropertySymbols(object).length > 0) return this.#refuse('a key that is a symbol')
    const copy: Record<string, Value> = {}
    for (const key of Object.keys(object)) {
      const value = object[key]
      if (value !== undefined) define(copy, key, this.#at(key, value))
    }
    return Object.freeze(copy)
  }

  #inside(value: readonly unknown[] | Readonly<Record<string, unknown>>): Value {
    if (this.#within.includes(value)) return this.#refuse('a value that contains itself')
    if (this.#within.length === DEPTH_LIMIT) return this.#refuse(`more than ${DEPTH_LIMIT} levels of nesting`)
    this.#within.push(value)
    const copy = Array.isArray(value) ? this.#array(value) : this.#plain(value as Record<string, unknown>)
    this.#within.pop()
    return copy
  }

  #at(key: string | number, value: unknown): Value {
    if (isAtom(value)) return value
    this.#keys.push(key)
    const copy = this.pass(value)
    this.#keys.pop()
    return copy
  }

  #refuse(found: string): never {
    const keys = this.#keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
    throw new BatError('E_VALUE', { path: this.#start() + keys.join(''), found })
  }
}

/** Sets an own property whatever its name is, `__proto__` included. */
export function define(object: Record<string, Value>, key: string, value: Value): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  } else {
    object[key] = value
  }
}
