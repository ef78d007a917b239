// The disk after a power cut. From a recording it works out what may be on the disk when the power goes after any event:
// what was synced is there; of what was written since, any part may be there or not, sector by sector, in any order; a
// name made, moved or taken away since its folder was last synced may be so on the disk or not.
//
// It takes the disk at its word: what it said was synced is, and a sector of 512 bytes is old or new, never torn.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { integer, type Random } from '../seed/random.ts'
import type { DiskEvent, FileNumber } from './recording.ts'

const SECTOR = 512

/** How much of what was not synced survives. */
type Survival = (random: Random) => boolean
const survivals: readonly Survival[] = [
  () => false,
  () => true,
  (random) => random() < 0.5,
  (random) => random() < 0.05,
  (random) => random() < 0.95,
]

export interface Crash {
  /** What the process had said by then. */
  readonly said: string
}

/** Lays down at `target` what may be left of `folder` when the power goes before event number `at`. */
export function layDown(
  events: readonly DiskEvent[],
  {
    folder,
    target,
    at,
    random,
  }: { readonly folder: string; readonly target: string; readonly at: number; readonly random: Random },
): Crash {
  const past = events.slice(0, at)
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  const survives = survivals[integer(random, 0, survivals.length - 1)]!
  const names = namesLeft(past, { random, survives })
  const place = (path: string) => join(target, relative(folder, path))
  for (const [path, file] of [...names].sort(([a], [b]) => a.length - b.length)) {
    if (file === 'folder') {
      if (path === folder || names.get(dirname(path)) === 'folder' || dirname(path) === folder) {
        mkdirSync(place(path), { recursive: true })
      }
    } else if (dirname(path) === folder || names.get(dirname(path)) === 'folder') {
      mkdirSync(dirname(place(path)), { recursive: true })
      writeFileSync(place(path), contentLeft(past, file, { random, survives }))
    }
  }
  return { said: past.map((event) => (event.what === 'said' ? event.text : '')).join('') }
}

interface Chance {
  readonly random: Random
  readonly survives: Survival
}

/** The paths that are there, folders too. Of the changes not yet synced those before some moment are kept. */
function namesLeft(
  events: readonly DiskEvent[],
  { random, survives }: Chance,
): Map<string, FileNumber | 'folder'> {
  const synced = new Map<string, number>()
  for (const event of events) {
    if (event.what !== 'sync folder') continue
    // of several at once one that began earlier may end later
    synced.set(event.path, Math.max(event.upTo, synced.get(event.path) ?? 0))
  }
  const isSynced = (index: number, ...paths: readonly string[]) =>
    paths.some((path) => index < (synced.get(dirname(path)) ?? 0))
  const names = new Map<string, FileNumber | 'folder'>()
  let lost = false
  for (const [index, event] of events.entries()) {
    if (!('path' in event) && event.what !== 'rename') continue
    if (event.what === 'sync folder') continue
    const paths = event.what === 'rename' ? [event.from, event.to] : [event.path]
    lost ||= !isSynced(index, ...paths) && !survives(random)
    if (lost && !isSynced(index, ...paths)) continue
    if (event.what === 'name') names.set(event.path, event.file)
    else if (event.what === 'folder') names.set(event.path, 'folder')
    else if (event.what === 'unname') names.delete(event.path)
    else {
      names.delete(event.from)
      names.set(event.to, event.file)
    }
  }
  return names
}

function contentLeft(events: readonly DiskEvent[], file: FileNumber, { random, survives }: Chance): Buffer {
  let syncedUpTo = 0
  for (const event of events) {
    if (event.what === 'sync' && event.file === file) syncedUpTo = Math.max(syncedUpTo, event.upTo)
  }
  let content = Buffer.alloc(0)
  const grow = (size: number) => {
    if (size > content.length) content = Buffer.concat([content, Buffer.alloc(size - content.length)])
  }
  for (const [index, event] of events.entries()) {
    if ((event.what !== 'write' && event.what !== 'size') || event.file !== file) continue
    const isSynced = index < syncedUpTo || (event.what === 'write' && event.synced)
    if (event.what === 'size') {
      if (!isSynced && !survives(random)) continue
      grow(event.size)
      content = content.subarray(0, event.size)
      continue
    }
    for (let from = 0; from < event.bytes.length; ) {
      const to = Math.min(event.bytes.length, from + SECTOR - ((event.at + from) % SECTOR))
      if (isSynced || survives(random)) {
        grow(event.at + to)
        event.bytes.copy(content, event.at + from, from, to)
      }
      from = to
    }
  }
  return content
}
