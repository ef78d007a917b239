// The values that a slot can hold, an argument or an answer can be. They are data: immutable by convention, without
// identity, except that a Ref, a TreeRef and a BlobRef name something that has one. Every layer speaks of these; how they
// are written to disk is the image's affair, how they cross a socket is the protocol's.
import { createHash } from 'node:crypto'
import type { Oid } from './ids.ts'

export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | readonly Value[]
  | PlainObject
  | Ref
  | TreeRef
  | BlobRef
  | Method
  | Primitive

export interface PlainObject {
  readonly [key: string]: Value
}

/** A reference to an object of the image. */
export class Ref {
  readonly oid: Oid
  constructor(oid: Oid) {
    this.oid = oid
  }
}

/** A persistent ordered map, which has an oid of its own. */
export class TreeRef {
  readonly oid: Oid
  constructor(oid: Oid) {
    this.oid = oid
  }
}

/** Bytes kept outside the object records, named by their content. */
export class BlobRef {
  readonly sha256: string
  readonly size: number
  constructor(sha256: string, size: number) {
    this.sha256 = sha256
    this.size = size
  }
}

/** The name of a method written in TypeScript, looked up in the running kernel. */
export class Primitive {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** A method written at run time: its text, and how it came to be. */
export class Method {
  readonly source: string
  readonly provenance: Provenance
  #hash: string | undefined

  constructor(text: { readonly source: string; readonly provenance: Provenance }) {
    this.source = text.source
    this.provenance = text.provenance
  }

  /** The same method in another state of its life. */
  inState(state: MethodState): Method {
    return new Method({ source: this.source, provenance: { ...this.provenance, state } })
  }

  /** SHA-256 of the source, hexadecimal: methods are compiled once a hash. */
  get hash(): string {
    this.#hash ??= createHash('sha256').update(this.source).digest('hex')
    return this.#hash
  }
}

export type MethodState = 'provisional' | 'active' | 'stale' | 'quarantined' | 'archived'

export interface Provenance {
  /** The persona that wrote it, or `user`. */
  readonly author: string
  /** Who sent the message it was written for. */
  readonly user: string
  readonly cycle: string
  /** Milliseconds since 1970-01-01 UTC. */
  readonly time: number
  readonly state: MethodState
  /** Digest (SHA-256, hexadecimal) of the model file, and of the adapter where there was one. */
  readonly model?: string
  readonly adapter?: string
  /** SHA-256 of the prompt as sent. */
  readonly prompt?: string
  /** One line on what it is for, from the plan's facets. */
  readonly purpose?: string
  /** The user's own words. */
  readonly intent?: string
  readonly witnesses: readonly Witness[]
  /** How many drafts it took, this one included. */
  readonly tries?: number
}

/** A message that a method must answer as it did when it was installed. */
export interface Witness {
  readonly args: readonly Value[]
  /** The answer it must give; absent when it need only run and keep the covenant. */
  readonly expected?: Value
  /** The receiver's data slots before the message. */
  readonly slots: PlainObject
}

export const isPlainObject = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
