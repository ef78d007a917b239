// A hub of models that speaks as huggingface.co does (HF_ENDPOINT names another one):
//
//   GET /api/models/OWNER/REPO/tree/REVISION?recursive=true    → [{type, path, size, lfs?: {oid: sha256}}], pages by Link
//   GET /OWNER/REPO/resolve/REVISION/PATH                      → the file, from wherever it is kept
//
// A key (HF_TOKEN) goes to the hub alone.
import { setTimeout as pause } from 'node:timers/promises'
import { BatError } from '../base/errors.ts'
import { follow, reasonOf, unreachableOf } from './http-get.ts'

export interface Hub {
  /** Address without a slash at its end. */
  readonly endpoint: string
  readonly token?: string
}

export interface HubFile {
  readonly path: string
  readonly size: number
  readonly sha256?: string
}

const answerMs = 30_000
const mostPages = 50
const tries = 6

/** The hub that the environment names. */
export function hubOf(environment: Readonly<Record<string, string | undefined>>): Hub {
  const { HF_ENDPOINT, HF_TOKEN } = environment
  const endpoint = (HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, '')
  return HF_TOKEN ? { endpoint, token: HF_TOKEN } : { endpoint }
}

export const hubHeaders = ({ token }: Hub): Readonly<Record<string, string>> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` }

export const hubFileUrl = ({ endpoint }: Hub, repository: string, revision: string, path: string): string =>
  `${endpoint}/${repository}/resolve/${encodeURIComponent(revision)}/${path.split('/').map(encodeURIComponent).join('/')}`

/** The GGUF files of a repository, smallest first. Throws E_UNREACHABLE, E_DOWNLOAD_STOPPED, E_DOWNLOAD_REFUSED, E_MODEL_GATED. */
export async function hubFiles(
  hub: Hub,
  repository: string,
  {
    revision,
    signal,
    backOffMs = 500,
  }: {
    readonly revision: string
    readonly signal?: AbortSignal
    /** The pause after the first failed try; it doubles. */
    readonly backOffMs?: number
  },
): Promise<readonly HubFile[]> {
  const files: HubFile[] = []
  let url: string | undefined =
    `${hub.endpoint}/api/models/${repository}/tree/${encodeURIComponent(revision)}?recursive=true`
  for (let page = 0; url !== undefined && page < mostPages; page++) {
    const { entries, next } = await tryPage(hub, url, repository, { signal, backOffMs })
    files.push(...entries.flatMap(fileOf))
    url = next
  }
  return files.sort((a, b) => a.size - b.size)
}

/** A page, asked for again where that may help, as the files themselves are (download.ts). */
async function tryPage(
  hub: Hub,
  url: string,
  repository: string,
  { signal, backOffMs }: { readonly signal: AbortSignal | undefined; readonly backOffMs: number },
) {
  for (let failed = 1; ; failed++) {
    try {
      return await readPage(hub, url, repository, signal)
    } catch (thrown) {
      const isStopped = thrown instanceof BatError && thrown.code === 'E_DOWNLOAD_STOPPED'
      if (!isStopped || failed >= tries) throw thrown
      await pause(backOffMs * 2 ** (failed - 1), undefined, signal ? { signal } : {}).catch(() => {})
      signal?.throwIfAborted()
    }
  }
}

async function readPage(hub: Hub, url: string, repository: string, signal: AbortSignal | undefined) {
  const ending = AbortSignal.any([AbortSignal.timeout(answerMs), ...(signal ? [signal] : [])])
  try {
    const { response } = await follow(url, { headers: hubHeaders(hub), signal: ending })
    if (response.status !== 200) {
      await response.body?.cancel()
      throw refusal(hub, url, repository, response)
    }
    const entries = (await response.json()) as unknown
    if (!Array.isArray(entries)) throw new Error('the answer is not a list')
    return { entries: entries as unknown[], next: nextOf(response.headers.get('link'), url) }
  } catch (cause) {
    signal?.throwIfAborted()
    if (cause instanceof BatError) throw cause
    throw (
      unreachableOf(url, cause) ??
      new BatError('E_DOWNLOAD_STOPPED', { url, received: 0, reason: reasonOf(cause) }, { cause })
    )
  }
}

function refusal(
  { endpoint }: Hub,
  url: string,
  repository: string,
  { status, headers }: Response,
): BatError {
  const error = headers.get('x-error-code')
  if (status >= 500 || status === 429)
    return new BatError('E_DOWNLOAD_STOPPED', { url, received: 0, reason: `the server answers ${status}` })
  // The hub answers 401 for what is not there too, since it does not say what is hidden.
  if ((status === 401 || status === 403) && error !== 'RepoNotFound')
    return new BatError('E_MODEL_GATED', { url, status, page: `${endpoint}/${repository}` })
  return new BatError('E_DOWNLOAD_REFUSED', { url, reason: `there is no such repository (${status})` })
}

function fileOf(entry: unknown): HubFile[] {
  const { type, path, size, lfs } = entry as Record<string, unknown>
  if (type !== 'file' || typeof path !== 'string' || typeof size !== 'number') return []
  if (!/\.gguf$/i.test(path)) return []
  const digest = (lfs as { oid?: unknown } | undefined)?.oid
  const known = typeof digest === 'string' && /^[0-9a-f]{64}$/.test(digest)
  return [{ path, size, ...(known ? { sha256: digest } : {}) }]
}

/** The next page, on the same server only. */
function nextOf(link: string | null, url: string): string | undefined {
  const next = /<([^>]+)>;\s*rel="next"/.exec(link ?? '')?.[1]
  if (next === undefined) return undefined
  const to = new URL(next, url)
  return to.origin === new URL(url).origin ? to.href : undefined
}
