// The gate before the experts: whether a new adapter is let in to serve its persona, decided by an examination, and the one
// transaction that keeps the verdict and, when it passed, has it serve. `batos undo` of that transaction takes both back.
//
// What it is examined with, besides the regression suite, is a held-out set: JSON lines (src/forge/examples.ts) in a blob
// that the candidate's provenance names as `held_out`, put there by whoever split the data before training. Without
// one the gate has nothing to say, and the candidate waits.
import type { Clock } from '../src/base/clock.ts'
import { loadConfig } from '../src/base/config.ts'
import { BatError } from '../src/base/errors.ts'
import type { Home } from '../src/base/home.ts'
import type { Progress } from '../src/base/progress.ts'
import { BlobRef, type PlainObject } from '../src/base/value.ts'
import { makeDrafting, TEMPLATE_NAMES } from '../src/cognition/drafting.ts'
import { readExamples } from '../src/forge/examples.ts'
import { gateLimits, verdictLine } from '../src/forge/gate.ts'
import type { Image } from '../src/image/image.ts'
import type { Adapter } from '../src/mind/engine-messages.ts'
import { digestOfFile } from '../src/mind/file-digest.ts'
import { readTemplates } from '../src/mind/template-files.ts'
import { candidateFor } from './candidates.ts'
import { examine } from './examination.ts'
import {
  type Expert,
  type ExpertFile,
  expertMeta,
  expertsIn,
  putExpert,
  serve,
  servingIn,
  type Verdict,
} from './experts.ts'
import { codicesOf } from './genesis.ts'
import { chosenIn, seedPath } from './models.ts'
import { readSuite } from './regression-suite.ts'

export interface GateOptions {
  readonly image: Image
  readonly home: Home
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly onProgress?: (progress: Progress) => void
}

/** The verdict on a candidate; undefined when it has no held-out set. Throws E_GATE_LOCAL, and what examine throws. */
export async function judgeExpert(
  candidate: Expert,
  { image, home, clock, signal, onProgress }: GateOptions,
): Promise<Verdict | undefined> {
  const heldOut = heldOutOf(candidate)
  if (heldOut === undefined) return undefined
  const { persona } = candidate
  const config = await loadConfig(home.config)
  if (config.model.engine !== 'local') throw new BatError('E_GATE_LOCAL', { engine: config.model.engine })
  const view = image.now()
  const model = candidateFor(chosenIn(view), { config, image, environment: {} })
  const templates = readTemplates(TEMPLATE_NAMES)
  const drafting = makeDrafting({ templates, profile: model.profile, codices: codicesOf(image) })
  const serving = servingIn(view, persona)
  const suite = await readSuite(persona, drafting)
  const verdict = await examine({
    start: model.start,
    candidate: adapterOf(image, candidate),
    ...(serving && { serving: adapterOf(image, serving) }),
    heldOut: await readExamples(image.blobPath(heldOut), persona),
    regression: suite.examples,
    limits: { ...gateLimits, points: config.forge.points },
    signal,
    ...(onProgress && { onProgress }),
  })
  const report = {
    ...verdict,
    serving: serving?.name ?? '',
    held_out: heldOut.sha256,
    suite: suite.digest,
  } as unknown as PlainObject
  const { passed } = verdict
  return { passed, by: 'gate', reason: verdictLine(verdict), time: clock.now(), report }
}

/** The file of the model that serves, and its digest. */
export async function servingModel(image: Image, home: Home): Promise<{ path: string; sha256: string }> {
  const { model } = await loadConfig(home.config)
  if (model.engine !== 'local') throw new BatError('E_GATE_LOCAL', { engine: model.engine })
  const { blob } = chosenIn(image.now())
  const path = model.path ?? (blob === undefined ? seedPath : image.blobPath(blob))
  return { path, sha256: (await digestOfFile(path)).sha256 }
}

/**
 * Keeps the gate's verdict with its expert; one that passed serves from then on. Answers the transaction. Throws E_GATE_STALE
 * when it is gone or another file has come under its name, or what the candidate was compared with serves no more.
 */
export async function settleExpert(
  image: Image,
  candidate: Expert,
  { verdict, user }: { readonly verdict: Verdict; readonly user: string },
): Promise<string> {
  const { persona, name } = candidate
  const description = verdict.passed ? `${persona} thinks with ${name}` : `${name} is kept out`
  const { tid } = await image.transact({ user, description, meta: expertMeta(candidate) }, (transaction) => {
    const present = expertsIn(transaction).find((each) => each.name === name)
    const serving = servingIn(transaction, persona)?.name ?? ''
    const isSame = present?.blob.sha256 === candidate.blob.sha256
    if (!isSame || (verdict.passed && serving !== verdict.report?.serving))
      throw new BatError('E_GATE_STALE', { name, persona })
    putExpert(transaction, { ...candidate, verdict })
    if (verdict.passed) serve(transaction, candidate, verdict.time)
  })
  return tid
}

/** The blob with the held-out set that came with an expert. */
export function heldOutOf({ provenance }: Expert): BlobRef | undefined {
  const { held_out: found } = provenance
  return found instanceof BlobRef ? found : undefined
}

const adapterOf = (image: Image, { blob }: ExpertFile): Adapter => ({
  path: image.blobPath(blob),
  sha256: blob.sha256,
  scale: 1,
})
