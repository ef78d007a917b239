// The models of the image, and which of them thinks. The root's `mind` has two slots for them, made when first needed:
//
//   models   a Tree: name → {blob, source, title, parameters, context, quantisation, profile, added}
//   model    {name, blob, profile}: the one chosen, by its digest too, so that a name given anew changes nothing; absent: the seed mind
//
// The settings go before the image: a `model.path` there is used whatever the image says.
import { join } from 'node:path'
import { BatError } from '../src/base/errors.ts'
import { packageRoot } from '../src/base/package-root.ts'
import { BlobRef, type PlainObject, type Ref, TreeRef } from '../src/base/value.ts'
import type { Obj } from '../src/image/object.ts'
import type { Transaction } from '../src/image/transaction.ts'
import type { View } from '../src/image/view.ts'
import type { ModelSummary } from '../src/mind/model-facts.ts'
import type { Profile } from '../src/mind/prompts.ts'

export const seedName = 'seed'
export const seedPath = join(packageRoot, 'models', 'seed.gguf')

export interface ModelRecord extends ModelSummary {
  readonly name: string
  readonly blob: BlobRef
  /** The address it came from. */
  readonly source: string
  /** Milliseconds since 1970-01-01 UTC. */
  readonly added: number
}

export interface Chosen {
  readonly name: string
  /** Absent: the seed mind. */
  readonly blob?: BlobRef
  readonly profile: Profile
}

export const seedMind: Chosen = { name: seedName, profile: 'compact' }

/** The models of the image, by name. */
export function modelsIn(view: View): ModelRecord[] {
  const tree = mindOf(view).get('models')
  if (!(tree instanceof TreeRef)) return []
  return [...view.tree(tree).entries()].map(
    ([name, value]) => ({ ...(value as PlainObject), name }) as unknown as ModelRecord,
  )
}

/** Puts a model there, in place of one of the same name. */
export function putModel(transaction: Transaction, { name, ...record }: ModelRecord): void {
  const mind = mindOf(transaction)
  const known = mind.get('models')
  const tree = known instanceof TreeRef ? transaction.tree(known) : transaction.createTree()
  if (!(known instanceof TreeRef)) mind.set('models', tree.ref)
  tree.set(name, { ...record })
}

export function chosenIn(view: View): Chosen {
  const chosen = mindOf(view).get('model') as unknown as Chosen | undefined
  return chosen?.blob instanceof BlobRef ? chosen : seedMind
}

export function choose(transaction: Transaction, { name, blob, profile }: Chosen): void {
  const mind = mindOf(transaction)
  if (blob) mind.set('model', { name, blob, profile })
  else mind.delete('model')
}

/** The one that is meant: by its name, or by the beginning of its digest. Throws E_MODEL_UNKNOWN. */
export function modelNamed(view: View, name: string): Chosen {
  const wanted = name.toLowerCase()
  if (wanted === seedName) return seedMind
  const models = modelsIn(view)
  const found =
    models.find((model) => model.name === wanted) ??
    models.find(({ blob }) => wanted.length >= 6 && blob.sha256.startsWith(wanted))
  if (found) return found
  throw new BatError('E_MODEL_UNKNOWN', { name })
}

const mindOf = (view: View): Obj => view.get((view.root.get('mind') as Ref).oid)
