// The first half of `batos model pull`: whatever an address names, as a file on this disk that is known to be a model. It
// needs no image and is always done in a process of its own, which has the user's environment (HF_TOKEN, HF_ENDPOINT) and
// may be ended at any time: the same command goes on where it was. What is fetched is put into the home's `models`.
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { durationOf } from '../../src/base/amounts.ts'
import { BatError } from '../../src/base/errors.ts'
import { nearest } from '../../src/base/nearest.ts'
import { hasImage } from '../../src/image/place.ts'
import { download } from '../../src/mind/download.ts'
import { type Hub, hubFiles, hubFileUrl, hubHeaders, hubOf } from '../../src/mind/hub.ts'
import {
  knownNames,
  type ModelAddress,
  modelNameOf,
  parseModelAddress,
} from '../../src/mind/model-address.ts'
import { type ModelSummary, summaryOf } from '../../src/mind/model-facts.ts'
import { type Around, imageTask } from '../image-task.ts'

/** What `model-add` is given. */
export interface FetchedModel {
  readonly file: string
  readonly name: string
  readonly source: string
  /** What is known of it from where it came. */
  readonly sha256?: string
  /** It was fetched into the home's `models`, and nobody else needs it there. */
  readonly ours?: boolean
  readonly summary: ModelSummary
}

interface Located {
  readonly url: string
  readonly name: string
  readonly headers: Readonly<Record<string, string>>
  readonly source: string
  readonly sha256?: string
  readonly size?: number
}

export const modelFetch = imageTask({
  on: 'folder',
  options: z.strictObject({
    address: z.string().min(1),
    /** What it is to be called. */
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'a name has small letters, digits, dots and dashes')
      .optional(),
    /** Seconds that the whole may take. */
    timeout: z.number().positive().optional(),
  }),
  run: async (dir, { address, name, timeout }, around): Promise<FetchedModel> => {
    // Said before the hours that a large model may take.
    if (!(await hasImage(dir))) throw new BatError('E_NO_IMAGE', { dir })
    const parsed = parseModelAddress(address)
    const fetched =
      parsed.kind === 'path'
        ? await fileAt(parsed.path, address)
        : await brought(await locate(parsed, address, around), around, timeout)
    return { ...fetched, ...(name && { name }), summary: summaryOf(fetched.file) }
  },
})

/** The model file that a path names. */
async function fileAt(path: string, address: string): Promise<Omit<FetchedModel, 'summary'>> {
  let file = path
  try {
    if ((await stat(path)).isDirectory()) {
      const found = (await readdir(path)).filter((name) => /\.gguf$/i.test(name)).sort()
      if (found.length === 0) throw new Error('no .gguf file is in that folder')
      const sizes = await Promise.all(found.map(async (name) => (await stat(join(path, name))).size))
      file = join(path, found[0]!)
      if (found.length > 1)
        throw choice(
          address,
          found.map((name, i) => ({ address: join(path, name), size: sizes[i]! })),
        )
    }
  } catch (cause) {
    if (cause instanceof BatError) throw cause
    if (/^[\w.-]+$/.test(path) && (cause as NodeJS.ErrnoException).code === 'ENOENT') throw unknown(path)
    const { code, message } = cause as NodeJS.ErrnoException
    const reason = code === 'ENOENT' ? 'there is no such file or folder' : message
    throw new BatError('E_FILE', { file: path, reason }, { cause })
  }
  return { file, name: modelNameOf(file), source: file }
}

function unknown(name: string): BatError {
  const near = nearest(name, knownNames)
  const problem = near === undefined ? 'there is no such file' : `did you mean ${near}?`
  return new BatError('E_MODEL_ADDRESS', { address: name, problem, known: knownNames.join(', ') })
}

async function locate(
  parsed: Exclude<ModelAddress, { kind: 'path' }>,
  address: string,
  { signal }: Around,
): Promise<Located> {
  if (parsed.kind === 'url') return { url: parsed.url, name: parsed.name, headers: {}, source: parsed.url }
  const hub = hubOf(process.env)
  const { repository, revision, file, like } = parsed
  const at = (path: string, more: { sha256?: string; size?: number } = {}): Located => ({
    url: hubFileUrl(hub, repository, revision, path),
    name: parsed.name ?? modelNameOf(path),
    headers: hubHeaders(hub),
    source: hubAddress(repository, path, revision),
    ...more,
  })
  if (file !== undefined) return at(file)
  const { path, ...known } = await chosen(
    hub,
    { repository, revision, address, ...(like && { like }) },
    signal,
  )
  return at(path, known)
}

const hubAddress = (repository: string, path: string, revision: string): string =>
  `hf:${repository}/${path}${revision === 'main' ? '' : `#${revision}`}`

/** The one file of a repository that is meant. Throws E_MODEL_CHOICE when it cannot be told. */
async function chosen(
  hub: Hub,
  wanted: { repository: string; revision: string; address: string; like?: string },
  signal: AbortSignal,
) {
  const { repository, revision, address, like = '' } = wanted
  const all = await hubFiles(hub, repository, { revision, signal })
  const whole = all.filter(({ path }) => !/-\d{5}-of-\d{5}\.gguf$|mmproj/i.test(path))
  const alike = whole.filter(({ path }) => path.toLowerCase().includes(like.toLowerCase()))
  const [only] = alike
  if (only && alike.length === 1) return only
  if (whole.length === 0)
    throw new BatError('E_DOWNLOAD_REFUSED', {
      url: `hf:${repository}`,
      reason: 'it has no GGUF file in one part',
    })
  const offered = alike.length > 0 ? alike : whole
  throw choice(
    address,
    offered.map(({ path, size }) => ({ address: hubAddress(repository, path, revision), size })),
  )
}

function choice(
  address: string,
  offered: readonly { readonly address: string; readonly size: number }[],
): BatError {
  const choices = offered.map((each) => `batos model pull ${each.address}  (${gigabytes(each.size)})`)
  return new BatError('E_MODEL_CHOICE', {
    address,
    count: offered.length,
    choices: choices.join('\n'),
    offered,
  })
}

export const gigabytes = (bytes: number): string =>
  bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`

async function brought(
  { url, name, headers, source, sha256, size }: Located,
  { home, signal, onProgress }: Around,
  timeout: number | undefined,
): Promise<Omit<FetchedModel, 'summary'>> {
  const ending =
    timeout === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(timeout * 1000)])
  const told = rateOf()
  let received = 0
  try {
    const done = await download({
      ...{ url, headers, signal: ending, file: join(home.models, `${name}.gguf`) },
      ...(sha256 === undefined ? {} : { sha256 }),
      ...(size === undefined ? {} : { size }),
      onProgress: ({ step, done, total, trouble }) => {
        if (step === 'fetching') received = done
        const again = trouble === undefined ? undefined : `tried again after: ${trouble}; fetched`
        onProgress({
          what: step === 'checking' ? 'checked' : (again ?? told({ done, total })),
          ...{ done, ...(total === undefined ? {} : { total }), unit: 'bytes' },
        })
      },
    })
    return { file: done.file, name, source, sha256: done.sha256, ours: true }
  } catch (thrown) {
    if (!ending.aborted) throw thrown
    const reason = signal.aborted ? 'it was cancelled' : `${timeout} s are over`
    throw new BatError('E_DOWNLOAD_STOPPED', { url, received, reason }, { cause: thrown })
  }
}

/** `fetched (12.3 MB/s, 5 min left)`, anew once a second, from how the last ten went. */
function rateOf(): (progress: { readonly done: number; readonly total: number | undefined }) => string {
  const marks: { at: number; done: number }[] = []
  let text = 'fetched'
  return ({ done, total }) => {
    const at = performance.now()
    const last = marks.at(-1)
    if (last && at - last.at < 1000) return text
    marks.push({ at, done })
    if (marks.length > 10) marks.shift()
    const first = marks[0]!
    if (first.at === at) return text
    const rate = ((done - first.done) * 1000) / (at - first.at)
    const left = total === undefined || rate <= 0 ? '' : `, ${durationOf((total - done) / rate)} left`
    text = `fetched (${gigabytes(rate)}/s${left})`
    return text
  }
}
