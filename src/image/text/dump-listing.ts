// What is in the folder of a dump, before any of its files but the first is read: that it is one, whole, of a version that
// is known, and that each file has its place. Nothing that a folder holds leads out of it: links are not followed, and
// what a file names (a chunk, a blob) is looked for in this list only.
import { isUtf8 } from 'node:buffer'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { BatError } from '../../base/errors.ts'
import { numberOf, type Oid } from '../../base/ids.ts'
import { settle } from './dump-folder.ts'
import { type DumpHead, isKnownVersion, parseHead, versionOf } from './head-text.ts'
import { HEAD_FILE, PARTS, placeOf } from './layout.ts'

export interface DumpListing {
  readonly dir: string
  readonly head: DumpHead
  /** In ascending order. */
  readonly objects: readonly Oid[]
  readonly trees: readonly Oid[]
  /** The names of the chunks that lie beside a Tree. */
  readonly chunks: ReadonlyMap<Oid, ReadonlySet<string>>
  readonly blobs: ReadonlySet<string>
  /** `path: what is wrong`. */
  readonly problems: readonly string[]
}

/** Larger files are no text of ours, and do not fit into a string. */
const MOST_BYTES = 256 << 20

/** Throws E_NO_DUMP, E_TEXT. */
export async function listDump(dir: string): Promise<DumpListing> {
  const head = await headOf(dir)
  const objects: Oid[] = []
  const trees: Oid[] = []
  const chunks = new Map<Oid, Set<string>>()
  const blobs = new Set<string>()
  const problems: string[] = []
  for (const { path, isPlain } of PARTS.flatMap((part) => [...walk(dir, part)])) {
    const place = placeOf(path)
    if (!isPlain) problems.push(`${path}: a plain file or folder expected`)
    else if (!place) problems.push(`${path}: no file of a dump has this name and place`)
    else if (place.kind === 'blob') blobs.add(place.sha256)
    else if (place.kind === 'chunk') {
      chunks.set(place.oid, (chunks.get(place.oid) ?? new Set<string>()).add(place.chunk))
    } else if (place.kind === 'object') objects.push(place.oid)
    else trees.push(place.oid)
  }
  const byNumber = (a: Oid, b: Oid) => numberOf(a) - numberOf(b)
  return {
    dir,
    head,
    objects: objects.sort(byNumber),
    trees: trees.sort(byNumber),
    chunks,
    blobs,
    problems,
  }
}

/** The text of a file of a dump. Throws E_TEXT. */
export function textOf(dir: string, path: string): string {
  const file = join(dir, path)
  const refuse = (expected: string, found: string, where = `${path}:1:1`): never => {
    throw new BatError('E_TEXT', { where, expected, found })
  }
  const { size } = statSync(file)
  if (size > MOST_BYTES) return refuse(`a file of at most ${MOST_BYTES} bytes`, `${size} bytes`)
  const bytes = readFileSync(file)
  if (isUtf8(bytes)) return bytes.toString('utf8')
  const lines = bytes.toString('latin1').split('\n')
  const line = lines.findIndex((text) => !isUtf8(Buffer.from(text, 'latin1')))
  return refuse('UTF-8', 'other bytes', `${path}:${line + 1}:1`)
}

async function headOf(dir: string): Promise<DumpHead> {
  const refuse = (problem: string): never => {
    throw new BatError('E_NO_DUMP', { dir, problem })
  }
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return refuse('it is no folder')
  await settle(dir)
  if (!existsSync(join(dir, HEAD_FILE))) return refuse(`it has no ${HEAD_FILE}`)
  const text = textOf(dir, HEAD_FILE)
  const version = versionOf(text)
  if (version === undefined) return refuse(`its ${HEAD_FILE} begins otherwise`)
  if (!isKnownVersion(version)) return refuse(`its version is ${version}, which this program does not know`)
  return parseHead(HEAD_FILE, text)
}

interface Listed {
  readonly path: string
  readonly isPlain: boolean
}

function* walk(dir: string, path: string): Generator<Listed, void, undefined> {
  const folder = join(dir, path)
  if (!existsSync(folder)) return
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const inner = `${path}/${entry.name}`
    if (entry.isDirectory()) yield* walk(dir, inner)
    else yield { path: inner, isPlain: entry.isFile() }
  }
}
