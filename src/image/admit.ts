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

/** A list or an object whose members are being looked at, and which of them is. */
interface Level {
  readonly holder: object
  readonly outer: Level | undefined
  key: string | number | undefined
}

class Gate {
  readonly #start: () => string
  #level: Level | undefined

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
      const { provenance } = this.#inside({ provenance: { ...value.provenance } }) as unknown as Method
      return new Method({ source: value.source, provenance })
    }
    if (value instanceof Date) {
      return Number.isNaN(value.getTime()) ? this.#refuse('an invalid date') : new Date(value)
    }
    if (value instanceof Uint8Array) return new Uint8Array(value)
    const maker: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name
    return this.#refuse(typeof maker === 'string' && maker !== '' ? `a ${maker}` : 'an object of a class')
  }

  #inside(holder: readonly unknown[] | Readonly<Record<string, unknown>>): Value {
    let depth = 0
    for (let level = this.#level; level; level = level.outer) {
      if (level.holder === holder) return this.#refuse('a value that contains itself')
      depth++
    }
    if (depth === DEPTH_LIMIT) return this.#refuse(`more than ${DEPTH_LIMIT} levels of nesting`)
    const level: Level = { holder, outer: this.#level, key: undefined }
    this.#level = level
    const copy = Array.isArray(holder)
      ? this.#array(holder, level)
      : this.#plain(holder as Record<string, unknown>, level)
    this.#level = level.outer
    return Object.freeze(copy)
  }

  #array(array: readonly unknown[], level: Level): Value[] {
    const copy = new Array<Value>(array.length)
    for (let i = 0; i < array.length; i++) {
      level.key = i
      copy[i] = this.pass(array[i])
    }
    return copy
  }

  #plain(object: Readonly<Record<string, unknown>>, level: Level): Record<string, Value> {
    if (Object.getOwnPropertySymbols(object).length > 0) return this.#refuse('a key that is a symbol')
    const copy: Record<string, Value> = {}
    for (const key of Object.keys(object)) {
      level.key = key
      const value = object[key]
      if (value !== undefined) define(copy, key, this.pass(value))
    }
    return copy
  }

  #refuse(found: string): never {
    let path = ''
    for (let level = this.#level; level; level = level.outer) {
      const { key } = level
      if (key !== undefined) path = (typeof key === 'number' ? `[${key}]` : `.${key}`) + path
    }
    throw new BatError('E_VALUE', { path: this.#start() + path, found })
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
