// Batches of whole documents. A row holds documents one after the other as long as they fit; the attention mask keeps
// each to itself and positions begin anew, so that a document is seen exactly as it would be alone. The token at a
// place is trained to predict the next one of its document; a document of n tokens takes n − 1 places.
//
// Documents come in a random order, a new one each epoch; from a small pool the first that fits is taken, which fills
// rows to more than nine tenths. The whole state is a few numbers and the pool, so that a run continues exactly.

import type { TokenSet } from './documents.ts'
import { permutation, randomFrom } from './random.ts'

export interface Batch {
  readonly ids: Int32Array
  readonly positions: Int32Array
  readonly targets: Int32Array
  /** Weight of each place's loss; 0 where nothing is predicted. */
  readonly weights: Float32Array
  /** 0 where a place may look at another, −∞ elsewhere; [length, length · group, 1, rows]. */
  readonly mask: Float32Array
  readonly weightSum: number
  readonly documents: number
  /** Places that hold tokens. */
  readonly tokens: number
}

/** What several batches hold together. */
export function totalsOf(batches: readonly Batch[]): Pick<Batch, 'weightSum' | 'documents' | 'tokens'> {
  const totals = { weightSum: 0, documents: 0, tokens: 0 }
  for (const batch of batches) {
    totals.weightSum += batch.weightSum
    totals.documents += batch.documents
    totals.tokens += batch.tokens
  }
  return totals
}

export interface BatchShape {
  readonly length: number
  readonly rows: number
  /** Query heads that share a key head. */
  readonly group: number
  /** Weight of the tokens of the prompt; those of the answer have 1. */
  readonly promptWeight: number
  readonly padding: number
}

export interface DataPosition {
  readonly epoch: number
  readonly next: number
  readonly pool: readonly number[]
}

const poolSize = 160
// A row with fewer free places than this share is full.
const smallestGap = 1 / 10

/** An endless, repeatable stream of batches. */
export class BatchStream {
  readonly #set: TokenSet
  readonly #shape: BatchShape
  readonly #seed: number
  #epoch: number
  #next: number
  #pool: number[]
  #order: Uint32Array

  constructor(
    set: TokenSet,
    shape: BatchShape,
    seed: number,
    from: DataPosition = { epoch: 0, next: 0, pool: [] },
  ) {
    this.#set = set
    this.#shape = shape
    this.#seed = seed
    this.#epoch = from.epoch
    this.#next = from.next
    this.#pool = [...from.pool]
    this.#order = this.#shuffled()
  }

  get position(): DataPosition {
    return { epoch: this.#epoch, next: this.#next, pool: [...this.#pool] }
  }

  next(): Batch {
    const refill = () => {
      while (this.#pool.length < poolSize) this.#pool.push(this.#draw())
    }
    const rows = Array.from({ length: this.#shape.rows }, () =>
      takeRow(this.#set, this.#shape.length, this.#pool, refill),
    )
    return fillBatch(this.#set, this.#shape, rows)
  }

  #draw(): number {
    if (this.#next >= this.#order.length) {
      this.#epoch++
      this.#next = 0
      this.#order = this.#shuffled()
    }
    return this.#order[this.#next++]!
  }

  #shuffled(): Uint32Array {
    return permutation(this.#set.count, randomFrom(this.#seed + 7919 * this.#epoch))
  }
}

/**
 * The rows of so many epochs, each of the documents it holds: every document once an epoch, in an order of its own each
 * time. The same for the same seed, so that the place in the data of a run is the number of its step.
 */
export function planRows(
  set: TokenSet,
  { length, epochs, seed }: { readonly length: number; readonly epochs: number; readonly seed: number },
): readonly (readonly number[])[] {
  const rows: (readonly number[])[] = []
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = permutation(set.count, randomFrom(seed + 7919 * epoch))
    const pool: number[] = []
    let next = 0
    const refill = () => {
      while (pool.length < poolSize && next < order.length) pool.push(order[next++]!)
    }
    refill()
    while (pool.length > 0) rows.push(takeRow(set, length, pool, refill))
  }
  return rows
}

/** Places of answers that a batch of `batch` of these rows has at most. */
export function answersAtMost(
  { starts, prompts }: TokenSet,
  rows: readonly (readonly number[])[],
  batch: number,
): number {
  const counts = rows.map((row) =>
    row.reduce((sum, i) => sum + starts[i + 1]! - starts[i]! - Math.max(1, prompts[i]!), 0),
  )
  let most = 0
  for (let first = 0; first < counts.length; first += batch)
    most = Math.max(
      most,
      counts.slice(first, first + batch).reduce((sum, count) => sum + count, 0),
    )
  return most
}

/** Rows of documents as a batch; missing rows are empty. */
export function fillBatch(set: TokenSet, shape: BatchShape, rows: readonly (readonly number[])[]): Batch {
  const filler = new BatchFiller(set, shape)
  rows.forEach((documents, row) => {
    let used = 0
    for (const document of documents) {
      filler.put(document, row, used)
      used += placesOf(set, document)
    }
  })
  return filler.batch
}

// Takes documents out of the pool, the first that fits each time, until the row is full.
function takeRow(set: TokenSet, length: number, pool: number[], refill: () => void): readonly number[] {
  const row: number[] = []
  let free = length
  while (free >= smallestGap * length) {
    refill()
    const at = pool.findIndex((document) => placesOf(set, document) <= free)
    if (at < 0) break
    const [document] = pool.splice(at, 1)
    row.push(document!)
    free -= placesOf(set, document!)
  }
  return row
}

/** The whole set once, in order, as batches. */
export function batchesOf(set: TokenSet, shape: BatchShape): readonly Batch[] {
  const batches: Batch[] = []
  let filler = new BatchFiller(set, shape)
  let row = 0
  let used = 0
  for (let document = 0; document < set.count; document++) {
    const places = placesOf(set, document)
    if (used + places > shape.length) {
      row++
      used = 0
    }
    if (row === shape.rows) {
      batches.push(filler.batch)
      filler = new BatchFiller(set, shape)
      row = 0
    }
    filler.put(document, row, used)
    used += places
  }
  return [...batches, filler.batch]
}

const placesOf = (set: TokenSet, document: number): number =>
  set.starts[document + 1]! - set.starts[document]! - 1

class BatchFiller {
  readonly #set: TokenSet
  readonly #shape: BatchShape
  readonly #batch: { -readonly [K in keyof Batch]: Batch[K] }

  constructor(set: TokenSet, shape: BatchShape) {
    const { length, rows, group, padding } = shape
    const places = length * rows
    this.#set = set
    this.#shape = shape
    const mask = new Float32Array(length * length * group * rows).fill(Number.NEGATIVE_INFINITY)
    this.#batch = {
      ids: new Int32Array(places).fill(padding),
      positions: new Int32Array(places),
      targets: new Int32Array(places),
      weights: new Float32Array(places),
      mask,
      weightSum: 0,
      documents: 0,
      tokens: 0,
    }
    // A place always sees itself: a row of nothing but −∞ would be no number.
    for (let query = 0; query < length * group * rows; query++) mask[query * length + (query % length)] = 0
  }

  get batch(): Batch {
    return this.#batch
  }

  put(document: number, row: number, from: number): void {
    const { length, group, promptWeight } = this.#shape
    const start = this.#set.starts[document]!
    const places = placesOf(this.#set, document)
    const prompt = this.#set.prompts[document]!
    const batch = this.#batch
    for (let i = 0; i < places; i++) {
      const place = row * length + from + i
      const weight = i + 1 >= prompt ? 1 : promptWeight
      batch.ids[place] = this.#set.ids[start + i]!
      batch.targets[place] = this.#set.ids[start + i + 1]!
      batch.positions[place] = i
      batch.weights[place] = weight
      batch.weightSum += weight
    }
    for (let copy = 0; copy < group; copy++)
      for (let i = 0; i < places; i++) {
        const query = (row * group + copy) * length + from + i
        batch.mask.fill(0, query * length + from, query * length + from + i + 1)
      }
    batch.documents++
    batch.tokens += places
  }
}
