// The adapters that contexts of the native library are made with: the warm tier, as far as it is in memory. A key names an
// adapter by what it does, its digest and its scale, so that caches are kept apart by it. The library keeps what it loaded by
// path, and would go on using it if other bytes came to stand there: such a path is refused.
//
// The library unloads no adapter before its model. Beyond a budget of bytes those used longest ago are unloaded here, through
// a map that it does not document (in 3.22: path → {dispose}); where that is not there they stay. A context points into its
// adapter, so one that has contexts, or for which one is being made, is pinned.
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { BatError } from '../base/errors.ts'
import type { Adapter } from './engine-messages.ts'
import { sha256OfFile } from './file-digest.ts'
import type { GgufHeader } from './gguf.ts'
import { validateAdapter } from './validate-model.ts'

/** What the library holds, by path. */
export type NativeAdapters = Map<string, { dispose(): Promise<void> }>

/** As the library names it. */
export interface AdapterFile {
  readonly filePath: string
  readonly scale: number
}

interface Known {
  readonly sha256: string
  readonly bytes: number
  /** How many contexts are made of it. */
  pins: number
}

export class LoadedAdapters {
  readonly #base: GgufHeader
  readonly #model: string
  readonly #native: NativeAdapters
  readonly #budget: number
  readonly #byKey = new Map<string, Adapter>()
  /** What was first loaded from each path, those used last at the end. */
  readonly #known = new Map<string, Known>()
  readonly #checks = new Map<string, Promise<void>>()

  /** For the model with this header and digest. */
  constructor(
    base: GgufHeader,
    {
      model,
      native,
      budget,
    }: { readonly model: string; readonly native: NativeAdapters; readonly budget: number },
  ) {
    this.#base = base
    this.#model = model
    this.#native = native
    this.#budget = budget
  }

  /** The key for `adapter`, '' for none. One that is new is checked: throws E_ADAPTER_INVALID. */
  async keyOf(adapter: Adapter | undefined): Promise<string> {
    if (!adapter) return ''
    const { path, sha256, scale, base = this.#model } = adapter
    if (base !== this.#model)
      throw new BatError('E_ADAPTER_INVALID', { file: path, problem: `it is for the model ${base}` })
    await this.#checks.get(path)
    if (this.#known.get(path)?.sha256 !== sha256) {
      const check = this.#check(adapter)
      this.#checks.set(
        path,
        check.catch(() => {}).finally(() => this.#checks.delete(path)),
      )
      await check
    }
    const key = `${sha256} ${scale}`
    this.#byKey.set(key, adapter)
    return key
  }

  /** What a context is told for a key. */
  filesOf(key: string): readonly AdapterFile[] {
    const adapter = this.#byKey.get(key)
    return adapter ? [{ filePath: adapter.path, scale: adapter.scale }] : []
  }

  isLoaded(adapter: Adapter | undefined): boolean {
    return adapter !== undefined && this.#native.has(resolve(adapter.path))
  }

  /** Digests of those in memory. */
  get loaded(): readonly string[] {
    return [...this.#known].flatMap(([path, { sha256 }]) => (this.#native.has(resolve(path)) ? [sha256] : []))
  }

  /** A context with this key is made now; it is there until what this answers is called. */
  pin(key: string): () => void {
    const path = this.#byKey.get(key)?.path ?? ''
    const known = this.#known.get(path)
    if (!known) return () => {}
    known.pins++
    this.#known.delete(path)
    this.#known.set(path, known)
    return () => {
      known.pins--
    }
  }

  /** Unloads what is beyond the budget and not in use. */
  async trim(): Promise<void> {
    const held = [...this.#known].filter(([path]) => this.#native.has(resolve(path)))
    let bytes = held.reduce((sum, [, known]) => sum + known.bytes, 0)
    for (const [path, known] of held) {
      if (bytes <= this.#budget) return
      const native = this.#native.get(resolve(path))
      if (known.pins > 0 || !native) continue
      this.#native.delete(resolve(path))
      await native.dispose()
      bytes -= known.bytes
    }
  }

  async #check({ path, sha256 }: Adapter): Promise<void> {
    const refused = () =>
      new BatError('E_ADAPTER_INVALID', { file: path, problem: `its digest is not ${sha256}` })
    if (this.#known.has(path)) throw refused()
    validateAdapter(path, this.#base)
    if ((await sha256OfFile(path)) !== sha256) throw refused()
    this.#known.set(path, { sha256, bytes: statSync(path).size, pins: 0 })
  }
}
