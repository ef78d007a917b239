// `batos forge gate`: examines an expert, keeps the verdict, and has it serve its persona when it passed. The expert is one of
// the image, by name, or a file, which is taken in first; its held-out set is the one that came with it, or `data`, which
// stays with it from then on.
import { stat } from 'node:fs/promises'
import { parse } from 'node:path'
import { z } from 'zod'
import { BatError } from '../../src/base/errors.ts'
import { readExamples } from '../../src/forge/examples.ts'
import { type Verdict as Examined, verdictText } from '../../src/forge/gate.ts'
import type { Image } from '../../src/image/image.ts'
import { OWNER } from '../../src/protocol/keys.ts'
import { takeIn } from '../expert-intake.ts'
import { type Expert, expertMeta, expertNamed, personasIn, putExpert, servingIn } from '../experts.ts'
import { judgeExpert, servingModel, settleExpert } from '../gate.ts'
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
    const { experts: office, signal } = around
    const candidate = await candidateOf(image, given, around)
    const { persona, name, blob } = candidate
    if (servingIn(image.now(), persona)?.blob.sha256 === blob.sha256)
      throw new BatError('E_EXPERT_SERVES', { name, persona })
    const verdict = await judgeExpert(candidate, { image, ...around })
    if (verdict === undefined) throw new BatError('E_NO_HELD_OUT', { name })
    signal.throwIfAborted()
    const transaction = await settleExpert(image, candidate, { verdict, user: OWNER })
    if (verdict.passed) {
      office?.desk.forgive(blob.sha256)
      await office?.desk.prefetch([persona])
    }
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
  if (isFile) return broughtIn(image, given, around)
  if (/[/\\]|\.gguf$/i.test(adapter))
    throw new BatError('E_FILE', { file: adapter, reason: 'there is no such file' })
  const known = expertNamed(image.now(), adapter)
  if (persona !== undefined && persona !== known.persona)
    throw new BatError('E_USAGE', {
      problem: `${known.name} is an expert of ${known.persona}, not of ${persona}`,
      hint: `leave --persona out, or say --persona ${known.persona}`,
    })
  if (data === undefined) return known
  await readExamples(data, known.persona)
  const about = { user: OWNER, description: `a held-out set for ${known.name}`, meta: expertMeta(known) }
  const { value } = await image.transact(about, async (transaction) => {
    const held_out = await transaction.importBlob({ file: data })
    const expert = { ...known, provenance: { ...known.provenance, held_out } }
    putExpert(transaction, expert)
    return expert
  })
  return value
}

/** A file as an expert of the image: called as its name says where that names a persona, else by the moment. */
async function broughtIn(
  image: Image,
  { adapter: file, persona, data }: Options,
  { home, clock }: Around,
): Promise<Expert> {
  const personas = personasIn(image.now())
  if (persona !== undefined && !personas.includes(persona))
    throw new BatError('E_USAGE', {
      problem: `there is no persona ${persona}`,
      hint: `say --persona ${personas.join(' or ')}`,
    })
  if (data !== undefined) await readExamples(data, persona ?? '')
  const { name } = parse(file)
  const isTold = persona === undefined || name === persona || name.startsWith(`${persona}_`)
  const moment = new Date(clock.now()).toISOString().replace(/\D/g, '').slice(0, 14)
  const entry = isTold ? name : `${persona}_${moment}`
  const { expert } = await takeIn(
    { kind: 'gguf', entry: `${entry}.gguf`, file },
    {
      ...{ image, clock, scratch: home.run, base: await servingModel(image, home) },
      ...(data === undefined ? {} : { heldOut: data }),
    },
  )
  return expert
}
