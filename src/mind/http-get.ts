// A GET that follows redirects by itself, for two things that `fetch` hides: the digest that a hub tells of a large file in
// the answer that leads to it (`x-linked-etag`, a SHA-256 in quotes), and a key that goes to the first server only.
import { BatError } from '../base/errors.ts'

const mostRedirects = 10

export interface GetOptions {
  /** For the server of the first address only: keys. */
  readonly headers: Readonly<Record<string, string>>
  /** For every server on the way. */
  readonly always?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/** The answer at the end of the way. Throws what `fetch` throws, and an error after too many redirects. */
export async function follow(
  url: string,
  { headers, always = {}, signal }: GetOptions,
): Promise<{ readonly response: Response; readonly linkedDigest: string | undefined }> {
  let at = new URL(url)
  const { origin } = at
  let linkedDigest: string | undefined
  for (let hops = 0; hops <= mostRedirects; hops++) {
    const own = at.origin === origin ? headers : {}
    const response = await fetch(at, {
      headers: { 'accept-encoding': 'identity', ...always, ...own },
      redirect: 'manual',
      signal,
    })
    linkedDigest ??= /^"?([0-9a-f]{64})"?$/.exec(response.headers.get('x-linked-etag') ?? '')?.[1]
    const to = response.headers.get('location')
    if (![301, 302, 303, 307, 308].includes(response.status) || to === null) return { response, linkedDigest }
    await response.body?.cancel()
    const next = new URL(to, at)
    if (at.protocol === 'https:' && next.protocol !== 'https:')
      throw new Error(`${at.origin} leads to ${next}`)
    at = next
  }
  throw new Error(`more than ${mostRedirects} redirects`)
}

/** Why a request got no answer; `fetch failed` says nothing, its cause does. */
export function reasonOf(thrown: unknown): string {
  const { message, cause } = thrown as Error
  return cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code || message : message
}

const unreachable = new Set([
  ...['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ENETUNREACH', 'EHOSTUNREACH', 'ETIMEDOUT'],
  'UND_ERR_CONNECT_TIMEOUT',
])

/** E_UNREACHABLE where a request failed since its server was not reached at all: no network, no such name, nobody listens. */
export function unreachableOf(url: string, thrown: unknown): BatError | undefined {
  const { code } = ((thrown as Error).cause ?? {}) as NodeJS.ErrnoException
  if (code === undefined || !unreachable.has(code)) return undefined
  return new BatError(
    'E_UNREACHABLE',
    { host: new URL(url).host, reason: reasonOf(thrown) },
    { cause: thrown },
  )
}
