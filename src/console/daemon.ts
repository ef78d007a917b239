// Starting, finding and stopping the daemon of a home from outside. The steward keeps run/steward.json and the kernel
// run/kernel.json (each with its pid); a pid counts only while that process lives and its command line is that of the
// program meant, for a number left over from before a crash may by now be anybody's.
import { execFile, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { BatError } from '../base/errors.ts'
import { type Home, prepareHome } from '../base/home.ts'
import { siblingModule } from '../base/sibling-module.ts'
import { isPlainObject } from '../base/value.ts'

export type Program = 'steward' | 'kernel'

export interface Running {
  readonly pid: number
  /** The whole of what the process says of itself. */
  readonly file: Readonly<Record<string, unknown>>
}

/** The living process of `program` on `home`, or undefined. */
export async function running(home: Home, program: Program): Promise<Running | undefined> {
  const file = readState(home, program)
  const pid = file?.pid
  if (file === undefined || typeof pid !== 'number' || !isAlive(pid)) return undefined
  return (await commandLine(pid)).includes(program) ? { pid, file } : undefined
}

/** What the process last wrote of itself, whether it lives or not. */
export function readState(home: Home, program: Program): Readonly<Record<string, unknown>> | undefined {
  try {
    const file = program === 'steward' ? home.stewardFile : home.kernelFile
    const data: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return isPlainObject(data) ? data : undefined
  } catch {
    return undefined // absent, or being replaced by a dying writer: the same as not running
  }
}

export interface Started {
  readonly pid: number
  /** Ends with the exit status, should the steward end. */
  readonly exited: Promise<number>
  /** What it has written to its log so far, its last few lines. */
  lastWords(): readonly string[]
}

/** Where the steward's own words go while it is detached. */
export const daemonLog = (home: Home): string => join(home.logs, 'daemon.log')

/** Starts the steward on `home`; detached it outlives us and writes to its log, otherwise to our standard error. */
export async function startSteward(home: Home, options: { readonly detached: boolean }): Promise<Started> {
  await prepareHome(home)
  const program = fileURLToPath(siblingModule(import.meta.url, '../../steward/main'))
  const { fd: log, from } = options.detached ? openLog(home) : { fd: 2, from: 0 }
  const child = spawn(process.execPath, ['--enable-source-maps', program, '--home', home.dir], {
    // Its own process group in any case: a ctrl-C in the terminal is ours to pass on, once.
    detached: true,
    stdio: ['ignore', log, log],
    cwd: home.dir,
  })
  if (options.detached) closeSync(log)
  const exited = new Promise<number>((resolve, reject) => {
    child.once('error', (cause) => {
      reject(new BatError('E_START', { reason: cause.message, log: daemonLog(home) }, { cause }))
    })
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGTERM' ? 0 : 1)))
  })
  exited.catch(() => {}) // whoever waits for it is told; nobody need wait
  if (options.detached) child.unref()
  return { pid: child.pid ?? -1, exited, lastWords: () => (options.detached ? wordsSince(home, from) : []) }
}

/**
 * Stops steward and kernel with SIGTERM and waits until both are gone. Answers what was stopped; empty when nothing
 * ran. Throws E_STOP when one does not end in `seconds`.
 */
export async function stopDaemon(home: Home, seconds = 75): Promise<readonly Program[]> {
  const stopped: Program[] = []
  for (const program of ['steward', 'kernel'] as const) {
    const found = await running(home, program)
    if (found === undefined) continue
    signal(found.pid)
    const deadline = Date.now() + seconds * 1000
    while (isAlive(found.pid)) {
      if (Date.now() > deadline)
        throw new BatError('E_STOP', { what: `the ${program}`, pid: found.pid, seconds })
      await pause(20)
    }
    stopped.push(program)
  }
  return stopped
}

const LARGEST_LOG = 256 * 1024

// Opens the log to append to, and tells where this run begins in it. One that has grown large is set aside first.
function openLog(home: Home): { fd: number; from: number } {
  const file = daemonLog(home)
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size > LARGEST_LOG) renameSync(file, `${file}.1`)
  return { fd: openSync(file, 'a', 0o600), from: size > LARGEST_LOG ? 0 : size }
}

function wordsSince(home: Home, from: number): readonly string[] {
  const text = readFileSync(daemonLog(home)).subarray(from).toString().trim()
  return text === '' ? [] : text.split('\n').slice(-5)
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return !isZombie(pid)
}

// A child that has ended but was not waited for still answers to signal 0; its parent may be a container's init that
// never waits.
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')
  } catch {
    return false
  }
}

async function commandLine(pid: number): Promise<string> {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    const listed = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({
      stdout: '',
    }))
    return listed.stdout
  }
}
