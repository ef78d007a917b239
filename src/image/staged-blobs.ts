// The blobs that a transaction brings in: staged beside those of the image until it is committed, thrown away when it is
// not, or when the savepoint before them is rolled back.
import type { BlobRef } from '../base/value.ts'
import type { Blobs, StagedBlob } from './blob.ts'

export class StagedBlobs {
  readonly #blobs: Blobs
  readonly #staged: StagedBlob[] = []

  constructor(blobs: Blobs) {
    this.#blobs = blobs
  }

  get count(): number {
    return this.#staged.length
  }

  get refs(): BlobRef[] {
    return this.#staged.map(({ ref }) => ref)
  }

  /** Takes in what was staged; the function that comes back throws it away again. */
  add(staged: StagedBlob): () => void {
    this.#staged.push(staged)
    return () => {
      this.#staged.splice(this.#staged.indexOf(staged), 1)
      this.#blobs.discardSoon([staged])
    }
  }

  /** The file of one of these, published or not; undefined where `ref` is none. */
  path(ref: BlobRef): string | undefined {
    const own = this.#staged.find(({ ref: { sha256 } }) => sha256 === ref.sha256)
    return own && this.#blobs.stagedPath(own)
  }

  /** Puts them where the commit that names them expects them. Throws E_DISK_FULL, E_IMAGE_WRITE. */
  publish(): Promise<void> {
    return this.#blobs.publish(this.#staged)
  }

  /** The commit that names them is durable. */
  committed(): void {
    this.#blobs.committed(this.#staged)
  }

  /** There will be no such commit. */
  discard(): void {
    this.#blobs.discardSoon(this.#staged)
  }
}
