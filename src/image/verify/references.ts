// What a value refers to is there: objects, Trees, blobs. Whoever refers is named by path (`genesis.config.next`).
import { BlobRef, isPlainObject, Method, Ref, TreeRef, type Value } from '../../base/value.ts'
import { eachReference } from '../references.ts'
import type { Look } from './look.ts'
import { faultOf, type Steps } from './steps.ts'

/** Checks what `value` refers to; `start` answers the path of the slot or entry that holds it. */
export function* checkReferences(look: Look, value: Value, start: () => string): Steps {
  for (const { reference, path } of referencesIn(value, [])) {
    const problem = problemOf(look, reference)
    if (problem !== undefined) yield { where: start() + path.join(''), problem }
    yield undefined
  }
}

/** Notes the blobs that a value of any time refers to. */
export function noteBlobs(look: Look, value: Value): void {
  eachReference(value, { object: () => {}, blob: (sha256) => look.blobsReferred.add(sha256) })
}

function problemOf(look: Look, reference: Ref | TreeRef | BlobRef): string | undefined {
  if (!(reference instanceof BlobRef)) {
    const kind = look.kindOf(reference.oid)
    const other = reference instanceof Ref ? 'tree' : 'object'
    const isMissing = kind === undefined || kind === 'gone' || kind === other
    return isMissing ? `it holds ${reference.oid}, which is not there` : undefined
  }
  try {
    const problem = look.problemOfBlob(reference)
    if (problem !== undefined) look.blobsNamed.add(reference.sha256)
    return problem
  } catch (error) {
    return faultOf(error, '').problem
  }
}

interface Found {
  readonly reference: Ref | TreeRef | BlobRef
  /** How the value goes on to it: `.config`, `[3]`; valid until the next is asked for. */
  readonly path: readonly string[]
}

function* referencesIn(value: Value, path: string[]): Generator<Found, void, undefined> {
  if (typeof value !== 'object' || value === null) return
  if (value instanceof Ref || value instanceof TreeRef || value instanceof BlobRef)
    yield { reference: value, path }
  else if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) yield* within(value[i] as Value, `[${i}]`, path)
  } else if (value instanceof Method) {
    yield* within(value.provenance as unknown as Value, '.provenance', path)
  } else if (isPlainObject(value)) {
    for (const [key, item] of Object.entries(value)) yield* within(item as Value, `.${key}`, path)
  }
}

function* within(value: Value, step: string, path: string[]): Generator<Found, void, undefined> {
  if (typeof value !== 'object' || value === null) return
  path.push(step)
  yield* referencesIn(value, path)
  path.pop()
}
