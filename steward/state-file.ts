// run/steward.json: what the steward says of itself, and the claim by which there is one steward a home.
//
// It is replaced in one rename, so a reader sees a whole state or the one before. The claim is made by linking (which
// fails where the file is there); the file of a steward that lives no more is taken over by renaming it away first:
// of two that try, one gets it, and looks whether what it got is what it had judged. A pid is told from its reuse by
// the moment its process began, where the system tells that (/proc).
import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { BatError } from '../src/base/errors.ts'
import type { Phase } from './supervisor.ts'

export interface StewardState {
  /** Null once it has ended. */
  readonly pid: number | null
  /** When that process began, in the system's ticks; empty where it cannot be told. */
  readonly born: string
  readonly kernelPid: number | null
  readonly kernelBorn: string
  readonly state: Phase
  readonly restarts: number
  readonly reason: string | null
  /** ISO 8601. */
  readonly startedAt: string
  readonly changedAt: string
}

export interface Claim {
  /** What the steward before left, if it had no time to end. */
  readonly before: StewardState | undefined
  write(state: StewardState): void
}

/** Claims the home whose state file is `file`. Throws E_STEWARD_RUNNING with the pid of the steward that has it. */
export function claimHome(file: string, home: string, state: StewardState): Claim {
  mkdirSync(dirname(file), { recursive: true })
  const write = (next: StewardState): void => renameSync(writeBeside(file, next), file)
  for (;;) {
    const beside = writeBeside(file, state)
    try {
      linkSync(beside, file)
      return { before: undefined, write }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    } finally {
      rmSync(beside, { force: true })
    }
    const before = read(file)
    if (before !== undefined && isSameProcess(before.pid, before.born))
      throw new BatError('E_STEWARD_RUNNING', { home, pid: before.pid })
    const away = `${file}.${process.pid}.away`
    try {
      renameSync(file, away)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue
      throw error
    }
    const taken = read(away)
    if (taken !== undefined && isSameProcess(taken.pid, taken.born)) {
      renameSync(away, file) // another was quicker: it has the home
      continue
    }
    const claim = writeBeside(file, state)
    try {
      linkSync(claim, file)
      return { before: taken, write }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    } finally {
      rmSync(claim, { force: true })
      rmSync(away, { force: true })
    }
  }
}

/** Whether the process `pid` lives and is the one that began at `born` (where that is known). */
export function isSameProcess(pid: number | null, born: string): boolean {
  if (pid === null) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const now = bornOf(pid)
  return now === undefined ? false : born === '' || now === '' || now === born
}

/** When a process began; empty where the system does not tell, undefined when it has ended (a zombie has). */
export function bornOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return ''
  try {
    // See proc(5): after the name in parentheses come state (field 3) and, nineteen on, the start time (field 22).
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

function read(file: string): StewardState | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as StewardState
  } catch {
    return undefined
  }
}

function writeBeside(file: string, state: StewardState): string {
  const beside = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`
  writeFileSync(beside, `${JSON.stringify(state, null, 2)}\n`, { flag: 'wx', mode: 0o600, flush: true })
  return beside
}
