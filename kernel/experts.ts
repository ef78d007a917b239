// The experts of the image: LoRA adapters of the personas, which of them serve, and which wait for the gate's word. Two slots
// of a persona's object hold them:
//
//   expert    the one that serves: {name, blob, base, rank, alpha, since, before?}; anything else: the bare model answers.
//             `before` is the one that served before it, for a return.
//   experts   a Tree, made when first needed: name → {blob, base, rank, alpha, source, added, provenance, verdict?}
//
// A name is `<PERSONA>` or `<PERSONA>_<version>`. What serves is held by digest, so a name given anew changes nothing until
// the new one is let through. Every change is a transaction of the kind `expert`: `batos undo` takes it back.
import { BatError } from '../src/base/errors.ts'
import { BlobRef, isPlainObject, type PlainObject, Ref, TreeRef } from '../src/base/value.ts'
import type { Obj } from '../src/image/object.ts'
import type { Transaction } from '../src/image/transaction.ts'
import type { View } from '../src/image/view.ts'

/** An adapter as far as the engine is concerned. */
export interface ExpertFile {
  readonly name: string
  readonly blob: BlobRef
  /** Digest of the model that it was checked against. */
  readonly base: string
  readonly rank: number
  readonly alpha: number
}

export interface Expert extends ExpertFile {
  readonly persona: string
  /** Where it came from: a file's name, or who made it. */
  readonly source: string
  /** Milliseconds since 1970-01-01 UTC. */
  readonly added: number
  /** What its file, or whoever made it, says of how it was made. */
  readonly provenance: PlainObject
  /** Absent while the gate has not spoken. */
  readonly verdict?: Verdict
}

export interface Verdict {
  readonly passed: boolean
  /** `gate`; a user, who let it through himself; `engine`, when it ended the inference process. */
  readonly by: string
  /** For a person, one line. */
  readonly reason: string
  readonly time: number
  /** The figures behind it. */
  readonly report?: PlainObject
}

export interface Serving extends ExpertFile {
  readonly since: number
  readonly before?: ExpertFile
}

/** Decides whether an expert is to serve. Undefined: it cannot be told yet, and the expert goes on waiting. */
export type Gate = (candidate: Expert, signal: AbortSignal) => Promise<Verdict | undefined>

/** What the record of a transaction that changes an expert says beside its description. */
export const expertMeta = ({ persona, name }: Pick<Expert, 'persona' | 'name'>): PlainObject => ({
  ...{ kind: 'expert', persona, name },
})

/** The names of the personas. */
export const personasIn = (view: View): string[] => personasOf(view).map(([name]) => name)

/** Every expert of the image, by persona and name. */
export const expertsIn = (view: View): Expert[] =>
  personasOf(view).flatMap(([persona, object]) => {
    const tree = object.get('experts')
    if (!(tree instanceof TreeRef)) return []
    return [...view.tree(tree).entries()].map(
      ([name, value]) => ({ ...(value as PlainObject), persona, name }) as unknown as Expert,
    )
  })

/** The expert called so, in any case of letters. Throws E_EXPERT_UNKNOWN. */
export function expertNamed(view: View, name: string): Expert {
  const wanted = name.toLowerCase()
  const found = expertsIn(view).find((each) => each.name.toLowerCase() === wanted)
  if (found) return found
  throw new BatError('E_EXPERT_UNKNOWN', { name })
}

/** What serves a persona; undefined: the bare model does. */
export function servingIn(view: View, persona: string): Serving | undefined {
  const ref = peopleOf(view).get(persona)
  if (!(ref instanceof Ref)) return undefined
  const serving = view.get(ref.oid).get('expert')
  return isPlainObject(serving) && serving.blob instanceof BlobRef
    ? (serving as unknown as Serving)
    : undefined
}

/** Takes an expert in, in place of one of the same name; or changes its verdict. */
export function putExpert(transaction: Transaction, { persona, name, ...record }: Expert): void {
  const object = personaOf(transaction, persona)
  const known = object.get('experts')
  const tree = known instanceof TreeRef ? transaction.tree(known) : transaction.createTree()
  if (!(known instanceof TreeRef)) object.set('experts', tree.ref)
  tree.set(name, { ...record } as unknown as PlainObject)
}

/** Has an expert serve its persona from now on. */
export function serve(transaction: Transaction, { persona, ...expert }: Expert, now: number): void {
  const present = servingIn(transaction, persona)
  const before = present?.blob.sha256 === expert.blob.sha256 ? present.before : present
  const serving = { ...fileOf(expert), since: now, ...(before ? { before: fileOf(before) } : {}) }
  personaOf(transaction, persona).set('expert', serving as unknown as PlainObject)
}

/** Has the one serve that did before, or the bare model. */
export function withdraw(transaction: Transaction, persona: string, now: number): void {
  const before = servingIn(transaction, persona)?.before
  const serving = before ? { ...fileOf(before), since: now } : null
  personaOf(transaction, persona).set('expert', serving as unknown as PlainObject | null)
}

/** Has the bare model serve. */
export function serveBare(transaction: Transaction, persona: string): void {
  personaOf(transaction, persona).set('expert', null)
}

/** Forgets an expert; one that serves is withdrawn, and there is no return to it. */
export function dropExpert(transaction: Transaction, { persona, name, blob }: Expert, now: number): void {
  const object = personaOf(transaction, persona)
  const tree = object.get('experts')
  if (tree instanceof TreeRef) transaction.tree(tree).delete(name)
  const serving = servingIn(transaction, persona)
  if (serving?.blob.sha256 === blob.sha256) withdraw(transaction, persona, now)
  else if (serving?.before?.blob.sha256 === blob.sha256) {
    const { before: _, ...rest } = serving
    object.set('expert', rest as unknown as PlainObject)
  }
}

const fileOf = ({ name, blob, base, rank, alpha }: ExpertFile): ExpertFile => ({
  ...{ name, blob, base, rank, alpha },
})

const peopleOf = (view: View): Obj => view.get((view.root.get('personas') as Ref).oid)

const personasOf = (view: View): [string, Obj][] =>
  [...peopleOf(view).slots()].flatMap(([name, value]) =>
    value instanceof Ref && !name.endsWith('*') ? [[name, view.get(value.oid)] as [string, Obj]] : [],
  )

function personaOf(view: View, persona: string): Obj {
  const ref = peopleOf(view).get(persona)
  if (ref instanceof Ref) return view.get(ref.oid)
  throw new BatError('E_INTERNAL', { reason: `there is no persona ${persona}` })
}
