// Where everything lies in a dump:
//
//   image.txt                        which image at which transaction (head-text.ts)
//   objects/000/obj-12.txt           an object; a folder has those of a thousand oids (oid 12,345 is in 012)
//   trees/000/obj-13.txt             a Tree (object-text.ts)
//   trees/000/obj-13/first.txt       its chunks, when it is large
//   blobs/ab/abcdef…                 the bytes of a blob, named by their SHA-256
//   .unfinished/                     a dump that was cut off, or is being written (dump-folder.ts)
//
// Whatever else is in the folder is not ours (`.git`, a README) and is left alone; within objects, trees and blobs there is
// nothing else.
import { numberOf, type Oid, oidOf } from '../../base/ids.ts'

export const HEAD_FILE = 'image.txt'
export const UNFINISHED = '.unfinished'
/** The folders that belong to the dump whole. */
export const PARTS = ['objects', 'trees', 'blobs'] as const

export const rangeOf = (oid: Oid): string => String(Math.floor(numberOf(oid) / 1000)).padStart(3, '0')

export const objectPath = (oid: Oid): string => `objects/${rangeOf(oid)}/obj-${numberOf(oid)}.txt`
export const treePath = (oid: Oid): string => `trees/${rangeOf(oid)}/obj-${numberOf(oid)}.txt`
export const chunkPath = (oid: Oid, chunk: string): string =>
  `trees/${rangeOf(oid)}/obj-${numberOf(oid)}/${chunk}.txt`
export const blobPath = (sha256: string): string => `blobs/${sha256.slice(0, 2)}/${sha256}`

export type Place =
  | { readonly kind: 'object' | 'tree'; readonly oid: Oid }
  | { readonly kind: 'chunk'; readonly oid: Oid; readonly chunk: string }
  | { readonly kind: 'blob'; readonly sha256: string }

/** What belongs at a path; undefined where nothing does. */
export function placeOf(path: string): Place | undefined {
  const place = parsed(path)
  return place && pathOf(place) === path ? place : undefined
}

export function pathOf(place: Place): string {
  switch (place.kind) {
    case 'object':
      return objectPath(place.oid)
    case 'tree':
      return treePath(place.oid)
    case 'chunk':
      return chunkPath(place.oid, place.chunk)
    case 'blob':
      return blobPath(place.sha256)
    default:
      return place satisfies never
  }
}

/** The name of a chunk, as chunks.ts gives it. */
export const isChunkName = (name: string): boolean => /^(first|[0-9a-f]{16})$/.test(name)

function parsed(path: string): Place | undefined {
  const [part, , name = '', file] = path.split('/')
  if (part === 'blobs') return /^[0-9a-f]{64}$/.test(name) ? { kind: 'blob', sha256: name } : undefined
  const number = Number(/^obj-(\d{1,15})(?:\.txt)?$/.exec(name)?.[1] ?? Number.NaN)
  if (!(number < 2 ** 48)) return undefined
  const oid = oidOf(number)
  if (part === 'objects') return { kind: 'object', oid }
  if (file === undefined) return { kind: 'tree', oid }
  const chunk = file.replace(/\.txt$/, '')
  return isChunkName(chunk) ? { kind: 'chunk', oid, chunk } : undefined
}
