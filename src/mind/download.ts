// Fetches one large file over HTTP so that nothing which came is fetched twice, and nothing wrong is taken for it.
//
//   FILE.part        what has come so far
//   FILE.part.json   of what: {url, validator, size}; written before the first byte, so the two always belong together
//   FILE.wrong       what came whole but has another checksum than promised
//   FILE             the whole file, by rename
//
// A part is gone on with by `Range`, under `If-Range` with the validator (strong ETag, else Last-Modified) that its first
// byte came with: if the file changed meanwhile the server sends all of it, and the part is begun anew. Each try ends whole,
// with a reason to try again (connection lost or silent, 408, 425, 429, 5xx, too few bytes), or with a refusal. Tries are
// counted anew after each that brought enough, so that a long download survives many short connections.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { BatError } from '../base/errors.ts'
import { follow, reasonOf, unreachableOf } from './http-get.ts'

export interface DownloadProgress {
  readonly step: 'fetching' | 'checking'
  readonly done: number
  /** Absent while nobody said how long the file is. */
  readonly total?: number
  /** Why it is being tried again. */
  readonly trouble?: string
}

export interface DownloadLimits {
  /** How long a server may say nothing. */
  readonly silentMs: number
  /** Tries in a row that bring less than `enough` bytes together. */
  readonly tries: number
  readonly enough: number
  /** The pause after the first failed try; it doubles up to a hundredfold. */
  readonly backOffMs: number
}

export interface Download {
  readonly url: string
  readonly file: string
  /** Sent to the server of `url` only, and not to others that it leads to. */
  readonly headers?: Readonly<Record<string, string>>
  /** What is known of the file beforehand; the server may say it too, in `x-linked-etag`. */
  readonly sha256?: string
  readonly size?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: DownloadProgress) => void
  readonly limits?: Partial<DownloadLimits>
}

export interface Downloaded {
  readonly file: string
  readonly size: number
  readonly sha256: string
  /** Whether the server said what the checksum must be. */
  readonly promised: boolean
}

const usual: DownloadLimits = { silentMs: 30_000, tries: 6, enough: 1 << 20, backOffMs: 500 }

interface Part {
  readonly url: string
  /** Absent when the server gives none: then it cannot be gone on with. */
  readonly validator?: string
  /** Of the whole file. */
  readonly size?: number
}

/**
 * Fetches `url` to `file`. Throws E_UNREACHABLE, E_DOWNLOAD_STOPPED (the part is kept), E_DOWNLOAD_REFUSED, E_MODEL_GATED,
 * E_NO_ROOM, E_CHECKSUM (what came is kept aside), or the reason of the signal.
 */
export async function download(wanted: Download): Promise<Downloaded> {
  const fetching = new Fetching(wanted)
  await mkdir(dirname(wanted.file), { recursive: true })
  return fetching.run()
}

/** The try failed in a way that another may not. */
class Again extends Error {
  readonly afterMs: number | undefined
  constructor(
    reason: string,
    options: { readonly afterMs?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(reason, { cause: options.cause })
    this.afterMs = options.afterMs
  }
}

class Fetching {
  readonly #wanted: Download
  readonly #limits: DownloadLimits
  readonly #partFile: string
  readonly #recordFile: string
  #part: Part | undefined
  #received = 0
  #promise: string | undefined

  constructor(wanted: Download) {
    this.#wanted = wanted
    this.#limits = { ...usual, ...wanted.limits }
    this.#partFile = `${wanted.file}.part`
    this.#recordFile = `${wanted.file}.part.json`
    this.#promise = wanted.sha256
  }

  async run(): Promise<Downloaded> {
    await this.#findPart()
    let failed = 0
    let mark = this.#received
    while (true) {
      try {
        await this.#try()
        return await this.#finish()
      } catch (thrown) {
        this.#wanted.signal?.throwIfAborted()
        if (!(thrown instanceof Again)) throw thrown
        if (this.#received >= mark + this.#limits.enough) {
          mark = this.#received
          failed = 0
        }
        failed++
        if (failed >= this.#limits.tries) throw this.#stopped(thrown)
        this.#tell('fetching', { done: this.#received, total: this.#part?.size, trouble: thrown.message })
        const waitMs = thrown.afterMs ?? this.#limits.backOffMs * Math.min(100, 2 ** (failed - 1))
        await pause(waitMs, undefined, this.#wanted.signal ? { signal: this.#wanted.signal } : {})
      }
    }
  }

  async #findPart(): Promise<void> {
    try {
      const part = JSON.parse(await readFile(this.#recordFile, 'utf8')) as Part
      if (part.url !== this.#wanted.url || part.validator === undefined) return
      this.#received = (await stat(this.#partFile)).size
      this.#part = part
    } catch {
      this.#received = 0 // nothing there that could be gone on with
    }
  }

  /** One request, to the end of what it brings. */
  async #try(): Promise<void> {
    const { url, headers = {}, signal } = this.#wanted
    const silence = new AbortController()
    const timer = setTimeout(() => silence.abort(), this.#limits.silentMs)
    const ending = AbortSignal.any([silence.signal, ...(signal ? [signal] : [])])
    const from = this.#part?.validator === undefined ? 0 : this.#received
    const range: Record<string, string> =
      from > 0 ? { range: `bytes=${from}-`, 'if-range': this.#part!.validator! } : {}
    try {
      const { response, linkedDigest } = await follow(url, { headers, always: range, signal: ending })
      this.#promise ??= linkedDigest
      const file = await this.#take(response, from)
      if (!file) return
      try {
        for await (const bytes of response.body ?? []) {
          timer.refresh()
          await this.#write(file, bytes)
        }
      } finally {
        await file.sync().finally(() => file.close())
      }
    } catch (thrown) {
      if (thrown instanceof BatError || thrown instanceof Again) throw thrown
      if (silence.signal.aborted) throw new Again(`the server said nothing for ${this.#limits.silentMs} ms`)
      throw new Again(reasonOf(thrown), { cause: thrown })
    } finally {
      clearTimeout(timer)
      silence.abort()
    }
    const { size } = this.#part!
    if (size !== undefined && this.#received < size)
      throw new Again(`it ended after ${this.#received} of ${size} bytes`)
  }

  /** Opens the part at the place where the body goes on; undefined when the part is whole already. */
  async #take(response: Response, from: number): Promise<FileHandle | undefined> {
    const { status, headers } = response
    if (status === 206) {
      const [, first, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? []
      const same = validatorOf(headers) === this.#part?.validator
      if (Number(first) === from && Number(total) === this.#part?.size && same) return this.#open('r+')
      return this.#forget('the server sent another part than it was asked for')
    }
    if (status === 416) {
      const total = /^bytes \*\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1]
      if (from > 0 && Number(total) === from && from === this.#part?.size) return undefined
      return this.#forget('the server has fewer bytes than came before')
    }
    if (status === 200) return this.#begin(headers)
    throw this.#refusal(status, headers)
  }

  async #begin(headers: Headers): Promise<FileHandle> {
    const length = headers.get('content-length')
    const size = length === null ? this.#wanted.size : Number(length)
    if (this.#wanted.size !== undefined && size !== this.#wanted.size)
      throw this.#refused(`it has ${size} bytes instead of ${this.#wanted.size}`)
    if (headers.has('content-encoding'))
      throw this.#refused(`it comes as ${headers.get('content-encoding')}, which was not asked for`)
    await this.#makeSureOfRoom(size ?? 0)
    const validator = validatorOf(headers)
    this.#received = 0
    this.#part = {
      url: this.#wanted.url,
      ...(validator === undefined ? {} : { validator }),
      ...(size === undefined ? {} : { size }),
    }
    const file = await this.#open('w')
    await writeFile(this.#recordFile, JSON.stringify(this.#part))
    return file
  }

  #open(how: 'r+' | 'w'): Promise<FileHandle> {
    return open(this.#partFile, how)
  }

  async #write(file: FileHandle, bytes: Uint8Array): Promise<void> {
    const { size } = this.#part!
    if (size !== undefined && this.#received + bytes.length > size)
      await this.#forget(`the server sent more than ${size} bytes`)
    try {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, at, bytes.length - at, this.#received)
        at += bytesWritten
        this.#received += bytesWritten
      }
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOSPC') await this.#makeSureOfRoom(Infinity)
      throw this.#refused(`${this.#partFile} cannot be written: ${reasonOf(cause)}`)
    }
    this.#tell('fetching', { done: this.#received, total: size })
  }

  /** What came is of no use: the next try begins anew. */
  async #forget(reason: string): Promise<never> {
    this.#part = undefined
    this.#received = 0
    await rm(this.#recordFile, { force: true })
    throw new Again(reason)
  }

  async #finish(): Promise<Downloaded> {
    const { file, url, size: expected } = this.#wanted
    if (expected !== undefined && this.#received !== expected) {
      await rm(this.#recordFile, { force: true })
      throw this.#refused(`it has ${this.#received} bytes instead of ${expected}`)
    }
    const hash = createHash('sha256')
    let done = 0
    for await (const piece of createReadStream(this.#partFile, { highWaterMark: 1 << 20 })) {
      this.#wanted.signal?.throwIfAborted()
      hash.update(piece as Uint8Array)
      done += (piece as Uint8Array).length
      this.#tell('checking', { done, total: this.#received })
    }
    const found = hash.digest('hex')
    const right = this.#promise === undefined || this.#promise === found
    const place = right ? file : `${file}.wrong`
    await rm(this.#recordFile, { force: true })
    await rename(this.#partFile, place)
    if (!right) throw new BatError('E_CHECKSUM', { url, found, expected: this.#promise, kept: place })
    return { file, size: done, sha256: found, promised: this.#promise !== undefined }
  }

  #tell(
    step: DownloadProgress['step'],
    {
      total,
      ...told
    }: { readonly done: number; readonly total: number | undefined; readonly trouble?: string },
  ): void {
    this.#wanted.onProgress?.({ step, ...told, ...(total === undefined ? {} : { total }) })
  }

  async #makeSureOfRoom(needed: number): Promise<void> {
    const folder = dirname(this.#wanted.file)
    const { bavail, bsize } = await statfs(folder)
    const free = bavail * bsize
    if (needed > free)
      throw new BatError('E_NO_ROOM', { folder, free, needed: Number.isFinite(needed) ? needed : 'more' })
  }

  #refusal(status: number, headers: Headers): Error {
    const { url } = this.#wanted
    if ([408, 425, 429].includes(status) || status >= 500) {
      const seconds = Number(headers.get('retry-after') ?? Number.NaN)
      const afterMs = Number.isFinite(seconds) ? Math.min(120, seconds) * 1000 : undefined
      return new Again(`the server answers ${status}`, { afterMs })
    }
    const absent = ['RepoNotFound', 'EntryNotFound', 'RevisionNotFound'].includes(
      headers.get('x-error-code') ?? '',
    )
    if ((status === 401 || status === 403) && !absent) {
      const page = url.replace(/\/resolve\/.*/, '')
      return new BatError('E_MODEL_GATED', { url, status, page })
    }
    return this.#refused(
      absent || status === 404 ? `there is no such file (${status})` : `the server answers ${status}`,
    )
  }

  #refused(reason: string): BatError {
    return new BatError('E_DOWNLOAD_REFUSED', { url: this.#wanted.url, reason })
  }

  #stopped({ message: reason, cause }: Again): BatError {
    const { url } = this.#wanted
    const received = this.#received
    const unreachable = received === 0 && cause !== undefined ? unreachableOf(url, cause) : undefined
    return unreachable ?? new BatError('E_DOWNLOAD_STOPPED', { url, received, reason }, { cause })
  }
}

/** What `If-Range` may be given: weak ETags may not. */
function validatorOf(headers: Headers): string | undefined {
  const etag = headers.get('etag')
  if (etag !== null) return etag.startsWith('W/') ? undefined : etag
  return headers.get('last-modified') ?? undefined
}
