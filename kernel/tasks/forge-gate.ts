// `batos forge gate`: examines an expert, keeps the verdict, and has it serve its persona when it passed. The expert is one of
// the image, by name, or a file, which is taken in first; its held-out set is the one that came with it, or `data`, which
// stays with it from then on.
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { z } from 'zod'
import { BatError } from '../../src/base/errors.ts'
import { readExamples } from '../../src/forge/examples.ts'
import { type Verdict as Examined, verdictText } from '../../src/forge/gate.ts'
import type { Image } from '../../src/image/image.ts'
import { checkAdapter } from '../../src/mind/adapter-intake.ts'
import { OWNER } from '../../src/protocol/keys.ts'
import { type Expert, expertNamed, personasIn, putExpert } from '../experts.ts'
import { heldOutOf, judgeExpert, servingModel, settleExpert } from '../gate.ts'
import { type Around, imageTask } from '../image-task.ts'

const options = z.strictObject({
  adapter: z.string().min(1),
  persona: z.string().optional(),
  /** The held-out set. */
  data: z.string().optional(),
})
type Options = z.infer<typeof options>

export const forgeGate = imageTask({
  on: 'image',
  sole: 'gate',
  options,
  run: async (image, given, around) => {
    const candidate = await candidateOf(image, given, around)
    const { persona, name } = candidate
    const verdict = await judgeExpert(candidate, { image, ...around })
    if (verdict === undefined) throw new BatError('E_NO_HELD_OUT', { name })
    around.signal.throwIfAborted()
    const transaction = await settleExpert(image, candidate, { verdict, user: OWNER })
    return { name, persona, ...verdict, transaction }
  },
  ok: ({ passed }) => passed,
  text: ({ name, persona, passed, report, transaction }) =>
    [
      `${name}: ${verdictText(report as unknown as Examined)}`,
      ...(passed ? [`${persona} thinks with it, on probation; take it back: batos undo ${transaction}`] : []),
    ].join('\n'),
})

/** The expert that is meant, with the held-out set that is given. */
async function candidateOf(image: Image, given: Options, around: Around): Promise<Expert> {
  const { adapter, persona, data } = given
  const isFile = await stat(adapter).then(
    (found) => found.isFile(),
    () => false,
  )
  const known = isFile ? await broughtIn(image, adapter, given, around) : expertNamed(image.now(), adapter)
  if (persona !== undefined && persona !== known.persona)
    throw new BatError('E_USAGE', {
      problem: `${known.name} is an expert of ${known.persona}, not of ${persona}`,
      hint: `leave --persona out, or say --persona ${known.persona}`,
    })
  if (data === undefined) {
    if (heldOutOf(known)) return known
    throw new BatError('E_NO_HELD_OUT', { name: known.name })
  }
  await readExamples(data, known.persona)
  const description = `a held-out set for ${known.name}`
  const { value } = await image.transact(
    { user: OWNER, description, meta: { kind: 'upkeep' } },
    async (transaction) => {
      const held_out = await transaction.importBlob({ file: data })
      const expert = { ...known, provenance: { ...known.provenance, held_out } }
      putExpert(transaction, expert)
      return expert
    },
  )
  return value
}

/** An adapter file as an expert of the image that waits for its verdict. */
async function broughtIn(
  image: Image,
  file: string,
  { persona: wanted }: Options,
  { home, clock }: Around,
): Promise<Expert> {
  const stem = basename(file).replace(/\.gguf$/i, '')
  const personas = personasIn(image.now())
  const persona = wanted ?? personas.find((each) => stem === each || stem.startsWith(`${each}_`))
  if (persona === undefined || !personas.includes(persona))
    throw new BatError('E_USAGE', {
      problem: persona === undefined ? `whose adapter is ${file}?` : `there is no persona ${persona}`,
      hint: `add --persona ${personas.join(' or ')}`,
    })
  const isNamed = stem === persona || stem.startsWith(`${persona}_`)
  const time = new Date(clock.now())
  const name = isNamed ? stem : `${persona}_${time.toISOString().replace(/\D/g, '').slice(0, 14)}`
  const base = await servingModel(image, home)
  const { rank, alpha, provenance } = await checkAdapter({ file, base })
  const about = { user: OWNER, description: `adapter ${name} from ${file}`, meta: { kind: 'upkeep' } }
  const { value } = await image.transact(about, async (transaction) => {
    const blob = await transaction.importBlob({ file })
    const expert: Expert = {
      ...{ persona, name, blob, rank, alpha, provenance },
      ...{ base: base.sha256, source: file, added: clock.now() },
    }
    putExpert(transaction, expert)
    return expert
  })
  return value
}
