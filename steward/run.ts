// The shell around the supervisor: starts and ends the kernel's process, pings it, keeps run/steward.json. One kernel
// process at most lives at any time, in a process group of its own, and none when `ended` has come: what is left of the
// group is killed with it. The kernel in turn watches the IPC channel and stops by itself when the steward dies.
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Home } from '../src/base/home.ts'
import { openHealth } from './health.ts'
import { kernelLog } from './kernel-log.ts'
import { openNotify } from './notify.ts'
import { bornOf, type Claim, claimHome, isSameProcess, type StewardState } from './state-file.ts'
import {
  type Effect,
  type Happening,
  IDLE,
  next,
  SETTINGS,
  type Supervisor,
  type SupervisorSettings,
} from './supervisor.ts'

export interface StewardOptions {
  readonly home: Home
  /** Arguments to Node that start a kernel: its file, and what it is told. */
  readonly kernel: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly settings?: Partial<SupervisorSettings>
  readonly pingEveryMs?: number
  readonly pingDeadlineMs?: number
  log(line: string): void
}

export interface Ending {
  readonly state: 'stopped' | 'given-up'
  readonly reason: string
  readonly exitCode: number
  /** The kernel's last words, when it was given up. */
  readonly lastLines: readonly string[]
}

export interface Steward {
  state(): Supervisor
  kernelPid(): number | undefined
  /** Lets the kernel end (SIGTERM, after a while SIGKILL). */
  stop(): void
  readonly ended: Promise<Ending>
}

const STARTING_PING_MS = 100

/** Claims the home and starts the kernel. Throws E_STEWARD_RUNNING. */
export function runSteward(options: StewardOptions): Steward {
  const steward = new RunningSteward(options)
  void steward.begin()
  return steward
}

class RunningSteward implements Steward {
  readonly ended: Promise<Ending>
  readonly #options: StewardOptions
  readonly #settings: SupervisorSettings
  readonly #claim: Claim
  readonly #log
  readonly #health
  readonly #notify
  readonly #startedAt = new Date().toISOString()
  readonly #timers = new Set<NodeJS.Timeout>()
  #state: Supervisor = IDLE
  #child: ChildProcess | undefined
  #end: (ending: Ending) => void = () => {}

  constructor(options: StewardOptions) {
    this.#options = options
    this.#settings = { ...SETTINGS, ...options.settings }
    this.#claim = claimHome(options.home.stewardFile, options.home.dir, this.#told())
    this.#log = kernelLog(options.home.logs)
    this.#health = openHealth(options.home, options.pingDeadlineMs ?? 5000)
    this.#notify = openNotify(options.environment, options.log)
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  state = (): Supervisor => this.#state
  kernelPid = (): number | undefined => this.#child?.pid
  stop = (): void => this.#happened({ kind: 'stop', now: Date.now() })

  async begin(): Promise<void> {
    await this.#outliveOldKernel()
    this.#happened({ kind: 'begin', now: Date.now() })
    while (!this.#isOver()) {
      const pid = this.#child?.pid
      const { phase } = this.#state
      const watched = pid !== undefined && (phase === 'starting' || phase === 'up')
      if (watched) {
        const kind = (await this.#health.answers(pid)) ? 'answered' : 'missed'
        if (this.#child?.pid === pid) this.#happened({ kind, now: Date.now() })
        this.#log.rotate()
      }
      const every = this.#options.pingEveryMs ?? 2000
      await delay(this.#state.phase === 'up' ? every : Math.min(every, STARTING_PING_MS))
    }
  }

  // A steward that was killed leaves a kernel that is about to end by itself; the image is its until then.
  async #outliveOldKernel(): Promise<void> {
    const before = this.#claim.before
    if (before === undefined || before.kernelPid === null) return
    const { kernelPid, kernelBorn } = before
    const deadline = Date.now() + this.#settings.stopMs
    let told = false
    while (isSameProcess(kernelPid, kernelBorn) && this.#state.phase === 'idle') {
      if (!told) this.#options.log(`the kernel of an earlier steward (pid ${kernelPid}) is still ending`)
      if (!told) signal(kernelPid, 'SIGTERM')
      if (Date.now() > deadline) signal(kernelPid, 'SIGKILL')
      told = true
      await delay(50)
    }
  }

  #isOver(): boolean {
    return this.#state.phase === 'stopped' || this.#state.phase === 'given-up'
  }

  #happened(happening: Happening): void {
    const before = this.#state
    const { state, effects } = next(before, happening, this.#settings)
    this.#state = state
    for (const effect of effects) this.#act(effect)
    if (state.phase === before.phase && state.reason === before.reason) return
    this.#tell()
    this.#options.log(`${state.phase}${state.reason === undefined ? '' : `: ${state.reason}`}`)
    if (state.phase === 'stopping') this.#notify.stopping()
    if (this.#isOver()) void this.#finish()
  }

  #act(effect: Effect): void {
    if ('ms' in effect) this.#later(effect.ms, effect.kind === 'wait' ? 'due' : 'overdue')
    else if (effect.kind === 'spawn') this.#spawn()
    else if (effect.kind === 'ready') this.#notify.ready(`kernel ${this.#child?.pid} is up`)
    else if (effect.kind === 'terminate') this.#child?.kill('SIGTERM')
    else this.#child?.kill('SIGKILL')
  }

  #later(ms: number, kind: 'due' | 'overdue'): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#happened({ kind, now: Date.now() })
    }, ms)
    this.#timers.add(timer)
  }

  #spawn(): void {
    const {
      NOTIFY_SOCKET: _socket,
      WATCHDOG_USEC: _usec,
      WATCHDOG_PID: _pid,
      ...env
    } = this.#options.environment
    const log = this.#log.open()
    const child = spawn(process.execPath, [...this.#options.kernel], {
      cwd: this.#options.home.dir,
      env,
      // A group of its own: a ctrl-C in our terminal is ours to pass on, and its children can be found when it is dead.
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
    })
    closeSync(log)
    this.#child = child
    let over = false
    const exited = (code: number | null, died: string | null): void => {
      if (over) return
      over = true
      if (child.pid !== undefined) signal(-child.pid, 'SIGKILL')
      this.#child = undefined
      this.#happened({ kind: 'exited', now: Date.now(), code, signal: died, random: Math.random() })
    }
    child.once('exit', exited)
    child.once('error', (error) => {
      this.#options.log(`the kernel's process: ${error.message}`)
      if (child.pid === undefined) exited(1, null)
    })
  }

  async #finish(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#notify.close()
    await this.#health.close()
    const { phase, reason, exitCode } = this.#state
    const state = phase === 'given-up' ? phase : 'stopped'
    this.#end({
      state,
      reason: reason ?? '',
      exitCode: state === 'stopped' ? 0 : (exitCode ?? 1),
      lastLines: state === 'stopped' ? [] : this.#log.lastLines(10),
    })
  }

  // A full disk must not end the kernel with us.
  #tell(): void {
    try {
      this.#claim.write(this.#told())
    } catch (error) {
      this.#options.log(`${this.#options.home.stewardFile}: ${(error as Error).message}`)
    }
  }

  #told(): StewardState {
    const { phase, restarts, reason } = this.#state
    const over = phase === 'stopped' || phase === 'given-up'
    const kernelPid = this.#child?.pid ?? null
    return {
      pid: over ? null : process.pid,
      born: bornOf(process.pid) ?? '',
      kernelPid,
      kernelBorn: kernelPid === null ? '' : (bornOf(kernelPid) ?? ''),
      state: phase,
      restarts,
      reason: reason ?? null,
      startedAt: this.#startedAt,
      changedAt: new Date().toISOString(),
    }
  }
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
