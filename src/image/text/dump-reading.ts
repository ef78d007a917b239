// Reads the files of a dump and looks for all that is wrong with them: text that cannot be read, marks of damage, files and
// names that do not fit together, mentions of what is not there. It goes on after a fault, so that whoever edits a dump
// learns of all of them at once.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { BatError } from '../../base/errors.ts'
import type { Oid } from '../../base/ids.ts'
import { BlobRef, Ref } from '../../base/value.ts'
import { compareKeys, formatEntryKey, type Key } from '../keyspace.ts'
import { ROOT, type Slots } from '../object-state.ts'
import { type DumpListing, textOf } from './dump-listing.ts'
import { blobPath, chunkPath, HEAD_FILE, objectPath, treePath } from './layout.ts'
import {
  type Entry,
  type Parsed,
  type ParsedTree,
  parseChunk,
  parseObject,
  parseTree,
} from './object-text.ts'
import { formatTreeKey } from './value-text.ts'

/** So many faults are named. */
const NAMED = 20

export interface ReadObject {
  readonly slots: Slots
  readonly shape: number
  /** Digests of the blobs that it names. */
  readonly blobs: ReadonlySet<string>
}

export interface ReadEntries {
  readonly entries: readonly Entry[]
  readonly blobs: ReadonlySet<string>
}

interface Span {
  readonly file: string
  readonly first: Key
  readonly last: Key
}

export class DumpReading {
  readonly #listing: DumpListing
  readonly #dangling: boolean
  readonly #objects: ReadonlySet<Oid>
  readonly #trees: ReadonlySet<Oid>
  readonly #named: string[] = []
  #problems = 0
  /** The keys of the files of the Tree that was begun last. */
  #spans: Span[] = []

  constructor(listing: DumpListing, { dangling }: { readonly dangling: boolean }) {
    this.#listing = listing
    this.#dangling = dangling
    this.#objects = new Set(listing.objects)
    this.#trees = new Set(listing.trees)
    this.#checkListing()
  }

  get isSound(): boolean {
    return this.#problems === 0
  }

  problem(what: string): void {
    if (++this.#problems <= NAMED) this.#named.push(what)
  }

  /** Throws E_LOAD when anything was wrong. */
  finish(): void {
    this.#endTree()
    if (this.isSound) return
    const more = this.#problems - this.#named.length
    const problems = [...this.#named, ...(more > 0 ? [`… and ${more} more`] : [])]
    throw new BatError('E_LOAD', {
      dir: this.#listing.dir,
      problems: problems.map((each) => `\n  ${each}`).join(''),
      hint: 'correct the text (a line `damaged` is taken away when what it tells of is repaired) and load again;\n  --dangling lets be what names something that is not there',
    })
  }

  object(oid: Oid): ReadObject | undefined {
    const path = objectPath(oid)
    return this.attempt(() => {
      const parsed = parseObject(path, textOf(this.#listing.dir, path))
      return { slots: parsed.slots, shape: parsed.shape, blobs: this.#check(parsed, oid) }
    })
  }

  /** The first file of a Tree; the chunks that it lists are to be read next. */
  tree(oid: Oid): ReadEntries | undefined {
    this.#endTree()
    const path = treePath(oid)
    return this.attempt(() => {
      const parsed = parseTree(path, textOf(this.#listing.dir, path))
      const blobs = this.#check(parsed, oid)
      this.#checkChunks(parsed)
      this.#checkKeys(path, parsed)
      return { entries: parsed.entries, blobs }
    })
  }

  chunk(oid: Oid, name: string): ReadEntries | undefined {
    const path = chunkPath(oid, name)
    return this.attempt(() => {
      const parsed = parseChunk(path, textOf(this.#listing.dir, path))
      const blobs = this.#check(parsed, oid)
      for (const { at } of parsed.chunks)
        this.problem(`${parsed.whereIs(at)}: a key expected, \`chunk\` found`)
      this.#checkKeys(path, parsed)
      return { entries: parsed.entries, blobs }
    })
  }

  /** What `read` answers; undefined when it throws what is wrong with the text. */
  attempt<T>(read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof BatError)) throw error
      this.problem(error.remedy === undefined ? error.message : `${error.message} (${error.remedy})`)
      return undefined
    }
  }

  #checkListing(): void {
    const { head, problems, trees, chunks } = this.#listing
    for (const problem of problems) this.problem(problem)
    for (const what of head.damage) this.problem(`${HEAD_FILE}: marked as damaged: ${what}`)
    for (const oid of trees)
      if (this.#objects.has(oid)) this.problem(`${treePath(oid)}: ${oid} is an object, in ${objectPath(oid)}`)
    for (const oid of chunks.keys())
      if (!this.#trees.has(oid)) this.problem(`${treePath(oid)}: it is not there, but chunks of it are`)
    if (!this.#objects.has(ROOT)) this.problem(`${objectPath(ROOT)}: the root object is not there`)
  }

  /** Answers the blobs that are mentioned. */
  #check(parsed: Parsed & { readonly oid: Oid }, oid: Oid): ReadonlySet<string> {
    if (parsed.oid !== oid) this.problem(`${parsed.whereIs(0)}: ${oid} expected, ${parsed.oid} found`)
    for (const { at, what } of parsed.damage)
      this.problem(`${parsed.whereIs(at)}: marked as damaged: ${what}`)
    const blobs = new Set<string>()
    for (const { of, at } of parsed.mentions) {
      if (of instanceof BlobRef) this.#checkBlob(of, () => parsed.whereIs(at)) && blobs.add(of.sha256)
      else {
        const isThere = (of instanceof Ref ? this.#objects : this.#trees).has(of.oid)
        if (!isThere && !this.#dangling)
          this.problem(`${parsed.whereIs(at)}: it names ${of.oid}, which is not there`)
      }
    }
    return blobs
  }

  /** Whether the bytes of a blob are there. */
  #checkBlob({ sha256, size }: BlobRef, where: () => string): boolean {
    const path = blobPath(sha256)
    if (!this.#listing.blobs.has(sha256)) {
      if (!this.#dangling) this.problem(`${where()}: it names the blob ${path}, which is not there`)
      return false
    }
    const found = statSync(join(this.#listing.dir, path)).size
    if (found !== size) this.problem(`${where()}: the blob ${path} has ${found} bytes, not ${size}`)
    return true
  }

  #checkChunks({ oid, chunks, whereIs }: ParsedTree): void {
    const there = this.#listing.chunks.get(oid) ?? new Set<string>()
    const listed = new Set<string>()
    for (const { name, at } of chunks) {
      if (listed.has(name)) this.problem(`${whereIs(at)}: the chunk ${name} is named twice`)
      if (!there.has(name)) this.problem(`${whereIs(at)}: the chunk ${name} is not there`)
      listed.add(name)
    }
    for (const name of there)
      if (!listed.has(name)) this.problem(`${chunkPath(oid, name)}: ${treePath(oid)} does not name it`)
  }

  #checkKeys(file: string, { entries, whereIs }: ParsedTree): void {
    const keys = entries.map((entry) => ({ entry, bytes: formatEntryKey(entry.key) }))
    keys.sort((a, b) => compareKeys(a.bytes, b.bytes))
    for (const [i, { entry, bytes }] of keys.entries()) {
      if (i > 0 && compareKeys(keys[i - 1]!.bytes, bytes) === 0)
        this.problem(`${whereIs(entry.at)}: another key expected, ${formatTreeKey(entry.key)} is given twice`)
    }
    const [first, last] = [keys[0], keys.at(-1)]
    if (first && last) this.#spans.push({ file, first: first.bytes, last: last.bytes })
  }

  /** The keys of one chunk all come before those of the next. */
  #endTree(): void {
    const spans = this.#spans.sort((a, b) => compareKeys(a.first, b.first))
    for (const [i, { file, first }] of spans.entries()) {
      const before = spans[i - 1]
      if (before && compareKeys(before.last, first) >= 0)
        this.problem(`${file}: its keys reach into those of ${before.file}`)
    }
    this.#spans = []
  }
}
