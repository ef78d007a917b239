// The adapters that contexts of the native library are made with. A key names an adapter by what it does, its digest and
// its scale, so that caches are kept apart by it. The library keeps what it loaded by path for as long as the model is
// loaded, and would go on using it if other bytes came to stand there: such a path is refused.
import { BatError } from '../base/errors.ts'
import type { Adapter } from './engine-messages.ts'
import { sha256OfFile } from './file-digest.ts'
import type { GgufHeader } from './gguf.ts'
import { validateAdapter } from './validate-model.ts'

export class LoadedAdapters {
  readonly #base: GgufHeader
  readonly #byKey = new Map<string, Adapter>()
  /** Digest of what was first loaded from each path. */
  readonly #digests = new Map<string, string>()

  constructor(base: GgufHeader) {
    this.#base = base
  }

  /** The key for `adapter`, '' for none. One that is new is checked: throws E_ADAPTER_INVALID. */
  async keyOf(adapter: Adapter | undefined): Promise<string> {
    if (!adapter) return ''
    const { path, sha256, scale } = adapter
    const key = `${sha256} ${scale}`
    if (this.#digests.get(path) !== sha256) {
      validateAdapter(path, this.#base)
      const found = await sha256OfFile(path)
      if (found !== sha256 || this.#digests.has(path))
        throw new BatError('E_ADAPTER_INVALID', { file: path, problem: `its digest is not ${sha256}` })
      this.#digests.set(path, sha256)
    }
    this.#byKey.set(key, adapter)
    return key
  }

  /** What `createContext` is told for a key. */
  optionsOf(key: string) {
    const adapter = this.#byKey.get(key)
    return adapter ? { lora: { adapters: [{ filePath: adapter.path, scale: adapter.scale }] } } : {}
  }
}
