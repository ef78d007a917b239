// One kernel per image. The lock is a file that names its holder: a process is known by its pid, the moment it was started
// and the boot it was started in, so that a pid used anew does not pass for the dead holder. It is made by linking a file
// that is whole already, which either happens or does not.
//
// A dead holder's lock is taken over like this: whoever wants it first claims the right to replace this very lock, by
// taking (in the same way) the lock named after it; then, if the dead lock is still there, puts its own in its place by a
// rename. Nobody else may touch that lock meanwhile, and a claimant that dies is itself replaced in the same way.

import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { BatError } from '../base/errors.ts'
import type { Stop } from '../base/teardown.ts'

interface Holder {
  readonly pid: number
  /** Start of the process in clock ticks since boot, with the boot's id; '' where the system does not tell. */
  readonly start: string
  readonly token: string
}

const ATTEMPTS = 100

/** Takes the lock `file` of the image in `dir`; answers its release. Throws E_IMAGE_LOCKED with the holder's pid. */
export function takeLock(file: string, dir: string): Stop {
  const self: Holder = { pid: process.pid, start: startOf(process.pid) ?? '', token: randomUUID() }
  const own = `${file}.${self.token}`
  writeFileSync(own, JSON.stringify(self), { flag: 'wx' })
  try {
    take(file, { own, self, dir })
  } finally {
    rmSync(own, { force: true })
  }
  return () => release(file, self)
}

interface Claim {
  readonly own: string
  readonly self: Holder
  readonly dir: string
}

function take(file: string, claim: Claim): void {
  for (let i = 0; i < ATTEMPTS; i++) {
    if (linked(claim.own, file)) return
    const holder = holderOf(file)
    if (!holder) continue // released in between
    if (isAlive(holder)) throw new BatError('E_IMAGE_LOCKED', { dir: claim.dir, pid: holder.pid })
    const right = `${file}.${holder.token}`
    take(right, claim)
    try {
      if (holderOf(file)?.token === holder.token) {
        const copy = `${claim.own}.copy`
        writeFileSync(copy, JSON.stringify(claim.self))
        renameSync(copy, file)
        return
      }
    } finally {
      release(right, claim.self)
    }
  }
  throw new BatError('E_IMAGE_LOCKED', { dir: claim.dir, pid: holderOf(file)?.pid ?? 0 })
}

function linked(own: string, file: string): boolean {
  try {
    linkSync(own, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function release(file: string, self: Holder): void {
  if (holderOf(file)?.token === self.token) rmSync(file, { force: true })
}

/** Who holds the lock; a file that cannot be understood is held by nobody alive. */
function holderOf(file: string): Holder | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
  try {
    const { pid, start, token } = JSON.parse(text) as Holder
    if (Number.isSafeInteger(pid) && typeof start === 'string' && /^[\w-]+$/.test(token))
      return { pid, start, token }
  } catch {
    // torn by a crash of the machine: as good as dead
  }
  return { pid: 0, start: '', token: 'unreadable' }
}

function isAlive({ pid, start }: Holder): boolean {
  if (pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  const now = startOf(pid)
  return now === undefined || start === '' || now === start
}

/** When a process was started; undefined where the system does not tell. A zombie counts as not started. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return 'ended'
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[19]}`
  } catch {
    return undefined
  }
}
