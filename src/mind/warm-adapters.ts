// Adapter files at hand for the inference process: links to the image's blobs, named by digest in a folder of the home. The
// engine keeps what it loaded by path, so a path must only ever hold the same bytes, and a file that is being read must not go
// when the image forgets it. Bounded by bytes: the one used longest ago goes, one in use never. What an earlier process left
// is cleared first, so that all there is was put there by this one.
import { existsSync, rmSync } from 'node:fs'
import { copyFile, link, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

export interface WarmOptions {
  readonly dir: string
  readonly bytes: number
}

/** An adapter by digest, and where its bytes are when they are not here. */
export interface ColdAdapter {
  readonly sha256: string
  readonly size: number
  /** The blob's file; asked for when needed. */
  readonly source: () => string
}

interface Warm {
  readonly size: number
  readonly ready: Promise<void>
  isThere: boolean
  uses: number
}

export class WarmAdapters {
  readonly #dir: string
  readonly #bytes: number
  /** By digest, those used last at the end. */
  readonly #files = new Map<string, Warm>()

  private constructor({ dir, bytes }: WarmOptions) {
    this.#dir = dir
    this.#bytes = bytes
  }

  static async open(options: WarmOptions): Promise<WarmAdapters> {
    await rm(options.dir, { recursive: true, force: true })
    await mkdir(options.dir, { recursive: true })
    return new WarmAdapters(options)
  }

  /** Digests of what is here. */
  get held(): readonly string[] {
    return [...this.#files.keys()]
  }

  /** Uses the file of an adapter, which stays until `work` has ended; `brought`: it was not here before. */
  async use<T>(
    { sha256, size, source }: ColdAdapter,
    work: (path: string, brought: boolean) => Promise<T>,
  ): Promise<T> {
    const path = join(this.#dir, `${sha256}.gguf`)
    const known = this.#files.get(sha256)
    const held = known && (!known.isThere || existsSync(path)) ? known : undefined
    const file = held ?? { size, ready: this.#bring(path, source), isThere: false, uses: 0 }
    this.#files.delete(sha256)
    this.#files.set(sha256, file)
    file.uses++
    try {
      await file.ready
      file.isThere = true
      return await work(path, held === undefined)
    } catch (thrown) {
      if (!existsSync(path)) this.#files.delete(sha256)
      throw thrown
    } finally {
      file.uses--
      this.#trim()
    }
  }

  async #bring(path: string, source: () => string): Promise<void> {
    const from = source()
    const beside = `${path}.new`
    await rm(beside, { force: true })
    await link(from, beside).catch(() => copyFile(from, beside)) // another file system
    await rename(beside, path)
  }

  #trim(): void {
    let bytes = [...this.#files.values()].reduce((sum, { size }) => sum + size, 0)
    for (const [sha256, { size, uses }] of [...this.#files]) {
      if (bytes <= this.#bytes) return
      if (uses > 0) continue
      this.#files.delete(sha256)
      bytes -= size
      rmSync(join(this.#dir, `${sha256}.gguf`), { force: true })
    }
  }
}
