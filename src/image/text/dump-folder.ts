// The folder that a dump is written to, all or nothing. What is new or changed is first written whole below `.unfinished/new`
// and synced; then the file `.unfinished/done` lists what is to be taken away; then everything is moved to its place. A dump
// that is cut off before `done` is there has changed nothing, and is cleared by the next; after that, the next one (or a load)
// finishes the moves first. A file whose text is the same as before is not touched, so that git and rsync have little to do.
//
// The folder must be new, empty, or hold a dump of the same image. Files that are not ours are left alone.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { BatError } from '../../base/errors.ts'
import { takeTurns } from '../../base/turns.ts'
import { parseHead, versionOf } from './head-text.ts'
import { HEAD_FILE, PARTS, placeOf, UNFINISHED } from './layout.ts'

const STAGED = join(UNFINISHED, 'new')
const DONE = join(UNFINISHED, 'done')
const SYNCS = 16

export interface FolderReport {
  readonly written: number
  readonly unchanged: number
  readonly removed: number
}

export class DumpFolder {
  readonly #dir: string
  readonly #present = new Set<string>()
  readonly #staged: string[] = []
  readonly #folders = new Set<string>()

  private constructor(dir: string) {
    this.#dir = dir
  }

  /** Throws E_DUMP_FOLDER. */
  static async open(dir: string, imageId: string): Promise<DumpFolder> {
    try {
      mkdirSync(dir, { recursive: true })
      await settle(dir)
      refuseForeign(dir, imageId)
      mkdirSync(join(dir, STAGED), { recursive: true })
    } catch (error) {
      throw folderFailure(error, dir)
    }
    return new DumpFolder(dir)
  }

  /** Takes a file into the dump. */
  write(path: string, text: string): void {
    this.#present.add(path)
    const bytes = Buffer.from(text, 'utf8')
    if (sameFile(join(this.#dir, path), bytes)) return
    writeFileSync(this.#stagedFile(path), bytes)
    this.#staged.push(path)
  }

  /** Whether a file of that size is there already; it stays in the dump if so. */
  keeps(path: string, size: number): boolean {
    const found = statSync(join(this.#dir, path), { throwIfNoEntry: false })
    if (!found?.isFile() || found.size !== size) return false
    this.#present.add(path)
    return true
  }

  /** Takes a file into the dump that `fill` writes; if that fails the file is not in it. */
  async add(path: string, fill: (file: string) => Promise<void>): Promise<void> {
    const file = this.#stagedFile(path)
    try {
      await fill(file)
    } catch (error) {
      rmSync(file, { force: true })
      throw error
    }
    this.#present.add(path)
    this.#staged.push(path)
  }

  /** Makes the dump what was written, durably. */
  async finish(signal?: AbortSignal): Promise<FolderReport> {
    const turn = takeTurns()
    const gone: string[] = []
    for (const path of filesOf(this.#dir)) {
      if (!this.#present.has(path) && placeOf(path)) gone.push(path)
      await turn()
    }
    await syncAll(
      this.#staged.map((path) => join(this.#dir, STAGED, path)),
      signal,
    )
    const done = join(this.#dir, DONE)
    writeFileSync(`${done}.new`, gone.map((path) => `${path}\n`).join(''))
    await syncAll([`${done}.new`])
    renameSync(`${done}.new`, done)
    await syncAll([join(this.#dir, UNFINISHED)])
    await settle(this.#dir)
    const written = this.#staged.length
    return { written, unchanged: this.#present.size - written, removed: gone.length }
  }

  /** Leaves the folder as it was. */
  abandon(): void {
    if (!existsSync(join(this.#dir, DONE)))
      rmSync(join(this.#dir, UNFINISHED), { recursive: true, force: true })
  }

  #stagedFile(path: string): string {
    const file = join(this.#dir, STAGED, path)
    const folder = dirname(file)
    if (!this.#folders.has(folder)) mkdirSync(folder, { recursive: true })
    this.#folders.add(folder)
    return file
  }
}

/** A failed call of the file system as E_DUMP_FOLDER; any other error as it is. */
export function folderFailure(error: unknown, dir: string): unknown {
  const { syscall, message } = error as NodeJS.ErrnoException
  return syscall === undefined
    ? error
    : new BatError('E_DUMP_FOLDER', { dir, problem: message }, { cause: error })
}

/** Finishes a dump that was cut off while its files were moved, or clears one that was cut off before. */
export async function settle(dir: string): Promise<void> {
  const turn = takeTurns()
  if (existsSync(join(dir, DONE))) {
    for (const path of filesBelow(join(dir, STAGED))) {
      if (path !== HEAD_FILE && !placeOf(path)) continue
      mkdirSync(dirname(join(dir, path)), { recursive: true })
      renameSync(join(dir, STAGED, path), join(dir, path))
      await turn()
    }
    for (const path of readFileSync(join(dir, DONE), 'utf8').split('\n')) {
      if (placeOf(path)) remove(dir, path)
      await turn()
    }
  }
  rmSync(join(dir, UNFINISHED), { recursive: true, force: true })
}

/** The files in the folders of the dump, by their path with `/`. */
export function* filesOf(dir: string): Generator<string, void, undefined> {
  for (const part of PARTS) yield* filesBelow(dir, part)
}

function* filesBelow(dir: string, path = ''): Generator<string, void, undefined> {
  const folder = join(dir, path)
  if (!existsSync(folder)) return
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const inner = path === '' ? entry.name : `${path}/${entry.name}`
    if (entry.isDirectory()) yield* filesBelow(dir, inner)
    else yield inner
  }
}

function refuseForeign(dir: string, imageId: string): void {
  const head = join(dir, HEAD_FILE)
  if (!existsSync(head)) {
    const found = readdirSync(dir).find((name) => !name.startsWith('.'))
    if (found === undefined) return
    throw new BatError('E_DUMP_FOLDER', { dir, problem: `it has ${found} and is no dump` })
  }
  const text = readFileSync(head, 'utf8')
  if (versionOf(text) === undefined)
    throw new BatError('E_DUMP_FOLDER', { dir, problem: `its ${HEAD_FILE} is not that of a dump` })
  const { id } = parseHead(head, text)
  if (id !== imageId)
    throw new BatError('E_DUMP_FOLDER', { dir, problem: 'it has the dump of another image' })
}

function sameFile(file: string, bytes: Buffer): boolean {
  try {
    return readFileSync(file).equals(bytes)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

/** Removes a file, and the folders that are empty without it. */
function remove(dir: string, path: string): void {
  rmSync(join(dir, path), { force: true })
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    const whole = join(dir, folder)
    if (existsSync(whole) && readdirSync(whole).length > 0) return
    rmSync(whole, { recursive: true, force: true })
  }
}

async function syncAll(files: readonly string[], signal?: AbortSignal): Promise<void> {
  let at = 0
  const work = async () => {
    for (let file = files[at++]; file !== undefined; file = files[at++]) {
      signal?.throwIfAborted()
      const handle = await open(file, 'r')
      try {
        await handle.sync()
      } finally {
        await handle.close()
      }
    }
  }
  await Promise.all(Array.from({ length: SYNCS }, work))
}
