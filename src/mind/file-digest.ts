// Models and adapters are known by the sha256 of their files, in hex. A file is read in pieces, and one whose size and
// time of change are those of a digest already made is not read again.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'

/** The digest of a file as it was when its size and time of change were these. */
export interface FileDigest {
  readonly sha256: string
  readonly size: number
  readonly mtimeMs: number
}

export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece)
  return hash.digest('hex')
}

export async function digestOfFile(path: string, known?: FileDigest): Promise<FileDigest> {
  const { size, mtimeMs } = await stat(path)
  if (known?.size === size && known.mtimeMs === mtimeMs) return known
  return { sha256: await sha256OfFile(path), size, mtimeMs }
}
