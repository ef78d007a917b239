// The files of a dump, one object or Tree each, as text (values: value-text.ts):
//
//   object obj:12  # genesis              tree obj:13
//   traits* = obj:7  # traits             "ada" = {count: 3}
//   count = 3                             5 = obj:12  # genesis
//   "odd name" = "text"                   end
//   end
//
// An object whose slots have a shape with a version other than 0 (shapes.ts) has a line `shape 3` before them.
// Slots stand in slot order, in which lookup goes through parents; entries stand in the order of their keys. `end` shows
// that the file is whole. A large Tree is cut into chunks (chunks.ts), files of their own that its file lists:
//
//   tree obj:13                           chunk of obj:13
//   chunk "first"                         "ada" = {count: 3}
//   chunk "0c4e1b7f90aa1c7d"              end
//   end
//
// What could not be read when the dump was made is marked, where it belongs, by a line
//
//   damaged "obj:12 at tx:90: its checksum is wrong"
//
// in the place of a slot or an entry, or at the beginning, behind which an object has the slots of its newest sound
// revision, if there is one. A dump with such a line is not loaded: a person looks, corrects the text, and takes it away.
import type { Oid } from '../../base/ids.ts'
import { Ref, type Value } from '../../base/value.ts'
import { formatEntryKey, type TreeKey } from '../keyspace.ts'
import { isVolatileSlot, type Slots } from '../object-state.ts'
import type { FoundSlot } from './survey.ts'
import { type Mention, TextReader } from './text-reader.ts'
import { formatLine, formatName, formatTreeKey, type NameOf, quote } from './value-text.ts'

/** What all files of a dump may have: places that name something, and marks of damage (offsets in the text). */
export interface Parsed {
  readonly mentions: readonly Mention[]
  readonly damage: readonly { readonly at: number; readonly what: string }[]
  whereIs(at: number): string
}

export interface ParsedObject extends Parsed {
  readonly oid: Oid
  readonly slots: Slots
  readonly shape: number
}

export interface Entry {
  readonly key: TreeKey
  readonly value: Value
  readonly at: number
}

export interface ParsedTree extends Parsed {
  readonly oid: Oid
  readonly entries: readonly Entry[]
  readonly chunks: readonly { readonly name: string; readonly at: number }[]
}

const END = 'end\n'

export const formatDamage = (what: string): string => `damaged ${quote(what)}\n`

export interface ObjectLines {
  readonly oid: Oid
  readonly slots: readonly FoundSlot[]
  readonly shape: number
  /** What is wrong with the object as a whole. */
  readonly damage?: string | undefined
}

export function formatObject({ oid, slots, shape, damage }: ObjectLines, nameOf: NameOf): string {
  const name = nameOf(new Ref(oid))
  const lines = [`object ${oid}${name === undefined ? '' : `  # ${formatName(name)}`}\n`]
  if (shape !== 0) lines.push(`shape ${shape}\n`)
  if (damage !== undefined) lines.push(formatDamage(damage))
  for (const found of slots) {
    const isSound = 'value' in found
    lines.push(isSound ? formatLine(formatName(found.slot), found.value, nameOf) : formatDamage(found.damage))
  }
  return lines.join('') + END
}

export const formatEntry = (key: TreeKey, value: Value, nameOf: NameOf): string =>
  formatLine(formatTreeKey(key), value, nameOf)

/** A small Tree, of which `lines` are all the entries. */
export const formatTree = (oid: Oid, lines: readonly string[]): string =>
  `tree ${oid}\n${lines.join('')}${END}`

export const formatChunk = (oid: Oid, lines: readonly string[]): string =>
  `chunk of ${oid}\n${lines.join('')}${END}`

export interface ChunkLine {
  readonly name: string
  /** The chunk's first key, as a help for whoever looks for one. */
  readonly from: string
}

export const formatChunked = (oid: Oid, chunks: readonly ChunkLine[], damage: readonly string[]): string =>
  formatTree(oid, [
    ...damage.map(formatDamage),
    ...chunks.map(({ name, from }) => `chunk ${quote(name)}  # from ${from}\n`),
  ])

/** Throws E_TEXT. */
export function parseObject(file: string, text: string): ParsedObject {
  const reader = new TextReader(file, text)
  const slots = new Map<string, Value>()
  const damage: { at: number; what: string }[] = []
  let shape = 0
  reader.take('object')
  const oid = reader.oidHere()
  for (;;) {
    const at = reader.place
    const name = reader.slotName()
    if (reader.takes('=')) {
      if (slots.has(name)) reader.refuse('another slot', at, `${name} is given twice`)
      if (isVolatileSlot(name)) reader.refuse('the name of a slot that is kept', at, '_v_ slots are not')
      slots.set(name, reader.value())
    } else if (name === 'damaged') damage.push({ at, what: reader.quotedHere('what is damaged, in quotes') })
    else if (name === 'shape') shape = reader.countHere('the version of the shape')
    else if (name === 'end') break
    else reader.refuse('`=` behind the name of a slot', reader.place)
  }
  reader.end()
  return { oid, slots, shape, damage, mentions: reader.mentions, whereIs: (at) => reader.whereIs(at) }
}

/** Throws E_TEXT. */
export function parseTree(file: string, text: string): ParsedTree {
  return parseEntries(new TextReader(file, text), ['tree'])
}

/** Throws E_TEXT. */
export function parseChunk(file: string, text: string): ParsedTree {
  return parseEntries(new TextReader(file, text), ['chunk', 'of'])
}

function parseEntries(reader: TextReader, head: readonly string[]): ParsedTree {
  const entries: Entry[] = []
  const chunks: { name: string; at: number }[] = []
  const damage: { at: number; what: string }[] = []
  reader.take(...head)
  const oid = reader.oidHere()
  const expected = 'a key, `chunk`, or `end`'
  while (!reader.takesWord('end')) {
    const at = reader.place
    if (reader.takesWord('chunk'))
      chunks.push({ at, name: reader.quotedHere('the name of the chunk, in quotes') })
    else if (reader.takesWord('damaged'))
      damage.push({ at, what: reader.quotedHere('what is damaged, in quotes') })
    else {
      const key = keyHere(reader, expected)
      reader.take('=')
      entries.push({ key, value: reader.value(), at })
    }
  }
  reader.end()
  return { oid, entries, chunks, damage, mentions: reader.mentions, whereIs: (at) => reader.whereIs(at) }
}

function keyHere(reader: TextReader, expected: string): TreeKey {
  const at = reader.place
  const key = reader.treeKey(expected)
  try {
    formatEntryKey(key)
  } catch {
    reader.refuse('a shorter key', at)
  }
  return key
}
