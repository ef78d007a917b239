// A disk that is really full, soon: a small tmpfs, with a ballast on it that leaves less and less room.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BatError } from '../../src/base/errors.ts'

export interface SmallPlace {
  /** A folder on the small disk, not there yet. */
  readonly dir: string
  /** Leaves this many bytes free. */
  leave(bytes: number): void
  /** Takes the ballast away. */
  makeRoom(): void
}

/** Why there can be no small disk here; undefined where there can. */
export function smallPlaceMissing(): string | undefined {
  const probe = mkdtempSync(join(tmpdir(), 'batos-mount-'))
  const permitted = mount(probe, 1)
  if (permitted) umount(probe)
  rmSync(probe, { recursive: true })
  return permitted ? undefined : 'mounting a small tmpfs is not permitted here'
}

/** Runs `work` with a small disk, empty, of so many MiB, below `folder`. */
export async function inSmallPlace<T>(
  { folder, mib = 12 }: { readonly folder: string; readonly mib?: number },
  work: (place: SmallPlace) => Promise<T>,
): Promise<T> {
  const at = join(folder, 'small')
  mkdirSync(at, { recursive: true })
  if (!mount(at, mib)) throw new Error(`no tmpfs could be mounted on ${at}`)
  const ballast = join(at, 'ballast')
  try {
    return await work({
      dir: join(at, 'image'),
      leave: (bytes) => {
        const { bavail, bsize } = statfsSync(at)
        writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - bytes)))
      },
      makeRoom: () => rmSync(ballast),
    })
  } finally {
    umount(at)
  }
}

/** Whether `work` failed since the disk is full; any other failure is a fault. */
export async function isRefused(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return false
  } catch (error) {
    if (error instanceof BatError && error.code === 'E_DISK_FULL') return true
    throw error
  }
}

const mount = (at: string, mib: number): boolean =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', at]).status === 0
const umount = (at: string): void => void spawnSync('umount', [at])
