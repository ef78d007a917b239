// Taking an adapter that somebody dropped into the image: its file names the persona and a version, its bytes become a blob,
// and what is checked is that blob, so that a file which changes meanwhile does no harm.
//
//   BRICK.gguf, BRICK_2.gguf      a LoRA adapter in GGUF
//   BRICK_2/                      as PEFT saves it: adapter_config.json and adapter_model.safetensors
//   BRICK_2.safetensors           its weights alone, where they tell rank and alpha themselves
//   BRICK_2.jsonl                 beside any of them: examples held out of its training, for the gate
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, parse } from 'node:path'
import type { Clock } from '../src/base/clock.ts'
import { BatError } from '../src/base/errors.ts'
import type { PlainObject } from '../src/base/value.ts'
import type { Image } from '../src/image/image.ts'
import type { View } from '../src/image/view.ts'
import { checkAdapter, convertAdapter } from '../src/mind/adapter-intake.ts'
import { type Expert, expertMeta, expertsIn, personasIn, putExpert } from './experts.ts'

/** Something in the folder of adapters that is complete. */
export type Arrival = {
  /** A file's or folder's name there. */
  readonly entry: string
} & (
  | { readonly kind: 'gguf'; readonly file: string }
  | { readonly kind: 'peft'; readonly weights: string; readonly config?: string }
)

export interface IntakeOptions {
  readonly image: Image
  readonly clock: Clock
  /** The model that an adapter must fit. */
  readonly base: { readonly path: string; readonly sha256: string }
  /** A folder of ours for what is converted. */
  readonly scratch: string
  readonly heldOut?: string
}

/** Takes it in; `isNew` unless the same was there already. Throws E_EXPERT_NAME, E_ADAPTER_INVALID, and what the image throws. */
export async function takeIn(
  arrival: Arrival,
  { image, clock, base, scratch, heldOut }: IntakeOptions,
): Promise<{ readonly expert: Expert; readonly isNew: boolean }> {
  const named = expertNameOf(image.now(), arrival.entry)
  const made = join(scratch, `${randomUUID()}.gguf`)
  try {
    if (arrival.kind === 'peft') {
      const { weights, config } = arrival
      await convertAdapter({ weights, ...(config === undefined ? {} : { config }), base, out: made })
    }
    const source = arrival.kind === 'peft' ? { file: made, link: true } : { file: arrival.file }
    const { value } = await image.transact(
      { user: 'kernel', description: `${named.name} is taken in`, meta: expertMeta(named) },
      async (transaction) => {
        const blob = await transaction.importBlob(source)
        const known = expertsIn(transaction).find(({ name }) => name === named.name)
        const isKnown = known?.blob.sha256 === blob.sha256 && known.base === base.sha256
        if (isKnown && heldOut === undefined) return { expert: known, isNew: false }
        const { rank, alpha, provenance } = await checkAdapter({
          file: transaction.blobPath(blob),
          base,
        }).catch(refusalOf(arrival))
        const held: PlainObject =
          heldOut === undefined ? {} : { held_out: await transaction.importBlob({ file: heldOut }) }
        const expert: Expert = {
          ...named,
          ...{ blob, base: base.sha256, rank, alpha, source: arrival.entry, added: clock.now() },
          provenance: { ...provenance, ...held },
        }
        putExpert(transaction, expert)
        return { expert, isNew: true }
      },
    )
    return value
  } finally {
    if (existsSync(made)) await rm(made)
  }
}

/** What is wrong with the blob is said of what was brought. */
const refusalOf = (arrival: Arrival) => (thrown: unknown) => {
  if (!(thrown instanceof BatError) || thrown.code !== 'E_ADAPTER_INVALID') throw thrown
  const file = arrival.kind === 'gguf' ? arrival.file : arrival.entry
  throw new BatError('E_ADAPTER_INVALID', { ...thrown.details, file }, { cause: thrown })
}

/** `BRICK_2` of `brick_2.gguf`. Throws E_EXPERT_NAME. */
export function expertNameOf(view: View, entry: string): ExpertName {
  const given = /\.(gguf|safetensors)$/i.test(entry) ? parse(entry).name : entry
  const personas = personasIn(view)
  const found = nameAmong(personas, given)
  if (found) return found
  throw new BatError('E_EXPERT_NAME', { entry, personas })
}

export interface ExpertName {
  readonly persona: string
  readonly name: string
}

/** The persona that a name begins with, and the name as experts have it; undefined when it is none of these. */
export function nameAmong(personas: readonly string[], given: string): ExpertName | undefined {
  const persona = personas.find((each) => given.split('_')[0]?.toUpperCase() === each)
  const version = given.slice(persona?.length ?? 0)
  const isOne = persona !== undefined && /^(_[A-Za-z0-9._-]{1,64})?$/.test(version)
  return isOne ? { persona, name: `${persona}${version}` } : undefined
}
