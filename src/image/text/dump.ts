// The dump: the whole image at one moment as text, one object a file (layout.ts says where everything lies). It is written
// in an order and a form that depend on the image alone, so two dumps of the same state are the same to the byte, and what
// changed between two is what differs.
//
// It works while others do, in slices. What is damaged is named, marked where it belongs, and costs nothing else.
import { BatError } from '../../base/errors.ts'
import type { Oid, Tid } from '../../base/ids.ts'
import type { Progress } from '../../base/progress.ts'
import { takeTurns } from '../../base/turns.ts'
import { BlobRef, isPlainObject, Method, Ref, type Value } from '../../base/value.ts'
import { writeBlobFile } from '../blob-file.ts'
import { parseTreeKey } from '../keyspace.ts'
import { ROOT } from '../object-state.ts'
import { type Chunk, ChunkCutter } from './chunks.ts'
import { DumpFolder, type FolderReport, folderFailure } from './dump-folder.ts'
import { formatHead } from './head-text.ts'
import { blobPath, chunkPath, HEAD_FILE, objectPath, treePath } from './layout.ts'
import {
  type ChunkLine,
  formatChunk,
  formatChunked,
  formatDamage,
  formatEntry,
  formatObject,
  formatTree,
} from './object-text.ts'
import { type FoundEntry, problemOf, type Survey } from './survey.ts'
import { formatTreeKey, type NameOf } from './value-text.ts'

/** The image at the moment that is dumped. */
export interface Dumped {
  readonly survey: Survey
  readonly id: string
  readonly tid: Tid
  readonly time: number
  readonly next: Oid
  /** The file of a blob; throws E_BLOB_MISSING. */
  blobFile(ref: BlobRef): string
}

export interface DumpOptions {
  readonly dir: string
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

export interface DumpReport extends FolderReport {
  readonly dir: string
  readonly transaction: Tid
  readonly objects: number
  readonly trees: number
  readonly blobs: number
  /** What could not be read; none when the dump is whole. */
  readonly damage: readonly string[]
}

/** Throws E_DUMP_FOLDER, and the reason of `signal`; the folder is then as it was. */
export async function dumpImage(image: Dumped, options: DumpOptions): Promise<DumpReport> {
  const folder = await DumpFolder.open(options.dir, image.id)
  try {
    return await new Dump(image, folder, options).run()
  } catch (error) {
    folder.abandon()
    throw folderFailure(error, options.dir)
  }
}

const BLOB_DAMAGE: ReadonlySet<string> = new Set([
  'E_BLOB_MISSING',
  'E_BLOB_DAMAGED',
  'E_BLOB_SOURCE',
  'E_RECORD_DAMAGED',
])

class Dump {
  readonly #image: Dumped
  readonly #folder: DumpFolder
  readonly #options: DumpOptions
  readonly #survey: Survey
  readonly #turn = takeTurns()
  readonly #nameOf: NameOf
  /** SHA-256 to size. */
  readonly #blobs = new Map<string, number>()
  readonly #damage: string[] = []
  readonly #counts = { objects: 0, trees: 0, blobs: 0 }

  constructor(image: Dumped, folder: DumpFolder, options: DumpOptions) {
    this.#image = image
    this.#folder = folder
    this.#options = options
    this.#survey = image.survey
    this.#nameOf = namesIn(this.#survey)
  }

  async run(): Promise<DumpReport> {
    const { dir, signal } = this.#options
    const { id, tid, time, next } = this.#image
    const lost: string[] = []
    for (const oid of this.#survey.oids()) {
      if (typeof oid === 'object') lost.push(oid.damage)
      else await this.#one(oid)
      await this.#pause()
    }
    this.#damage.push(...lost)
    for (const [sha256, size] of this.#blobs) {
      const problem = await this.#blob(new BlobRef(sha256, size))
      if (problem !== undefined) lost.push(problem)
    }
    this.#folder.write(HEAD_FILE, formatHead({ id, tid, time, next, damage: lost }))
    const report = await this.#folder.finish(signal)
    return { dir, transaction: tid, ...this.#counts, ...report, damage: this.#damage }
  }

  async #one(oid: Oid): Promise<void> {
    const found = this.#survey.find(oid)
    if (!found) return
    const { damage } = found
    if (damage !== undefined) this.#damage.push(damage)
    if (found.kind === 'tree') await this.#tree(oid, damage)
    else {
      for (const slot of found.slots) {
        if ('damage' in slot) this.#damage.push(slot.damage)
        else this.#noteBlobs(slot.value)
      }
      this.#folder.write(objectPath(oid), formatObject({ ...found, oid }, this.#nameOf))
      this.#counts.objects++
    }
    this.#tell('objects written', this.#counts.objects + this.#counts.trees)
  }

  async #tree(oid: Oid, damage: string | undefined): Promise<void> {
    const cutter = new ChunkCutter()
    const listed: ChunkLine[] = []
    const write = (chunks: readonly Chunk[]) => {
      for (const chunk of chunks) {
        listed.push(chunk)
        this.#folder.write(chunkPath(oid, chunk.name), formatChunk(oid, chunk.lines))
      }
    }
    for (const entry of this.#survey.entries(oid)) {
      write(cutter.add(this.#entryLine(entry)))
      await this.#pause()
    }
    const end = cutter.end()
    const marks = damage === undefined ? [] : [damage]
    if ('chunks' in end) write(end.chunks)
    const text =
      'chunks' in end
        ? formatChunked(oid, listed, marks)
        : formatTree(oid, [...marks.map(formatDamage), ...end.small])
    this.#folder.write(treePath(oid), text)
    this.#counts.trees++
  }

  #entryLine(entry: FoundEntry) {
    const { key } = entry
    if ('damage' in entry) {
      this.#damage.push(entry.damage)
      return { key, label: '', line: formatDamage(entry.damage) }
    }
    this.#noteBlobs(entry.value)
    const treeKey = parseTreeKey(key)
    return { key, label: formatTreeKey(treeKey), line: formatEntry(treeKey, entry.value, this.#nameOf) }
  }

  #noteBlobs(value: Value): void {
    if (typeof value !== 'object' || value === null) return
    if (value instanceof BlobRef) this.#blobs.set(value.sha256, value.size)
    else if (value instanceof Method) this.#noteBlobs(value.provenance as unknown as Value)
    else if (Array.isArray(value)) for (const item of value as readonly Value[]) this.#noteBlobs(item)
    else if (isPlainObject(value)) for (const item of Object.values(value)) this.#noteBlobs(item as Value)
  }

  /** Copies the bytes of a blob that the folder does not have; answers what is wrong with it. */
  async #blob(ref: BlobRef): Promise<string | undefined> {
    const { sha256, size } = ref
    const path = blobPath(sha256)
    this.#tell('blobs copied', this.#counts.blobs, this.#blobs.size)
    await this.#pause()
    try {
      if (!this.#folder.keeps(path, size)) {
        const source = this.#image.blobFile(ref)
        await this.#folder.add(path, (file) => copy(source, file, sha256))
      }
      this.#counts.blobs++
      return undefined
    } catch (error) {
      if (!(error instanceof BatError && BLOB_DAMAGE.has(error.code))) throw error
      const problem = problemOf(error)
      this.#damage.push(problem)
      return problem
    }
  }

  async #pause(): Promise<void> {
    await this.#turn()
    this.#options.signal?.throwIfAborted()
  }

  #tell(what: string, done: number, total?: number): void {
    this.#options.onProgress?.({ what, done, ...(total === undefined ? {} : { total }) })
  }
}

/** A copy that shares the blocks of the image's file where the file system can, and never the file. */
async function copy(source: string, file: string, sha256: string): Promise<void> {
  const copied = await writeBlobFile({ file: source }, file, false)
  if (copied.sha256 === sha256) return
  const problem = 'its bytes are not those it was named after'
  throw new BatError('E_RECORD_DAMAGED', { record: `blob ${sha256}`, problem })
}

/** The names that the root has for objects; the first where there are several. */
function namesIn(survey: Survey): NameOf {
  const names = new Map<Oid, string>([[ROOT, 'root']])
  const root = survey.find(ROOT)
  for (const found of root?.kind === 'object' ? root.slots : []) {
    const ref = 'value' in found ? found.value : undefined
    if (ref instanceof Ref && !names.has(ref.oid)) names.set(ref.oid, found.slot)
  }
  return ({ oid }) => names.get(oid)
}
