// When the kernel is started, ended and given up: a state machine over data. What it wants done comes back as effects;
// run.ts carries them out and hands in what happened, with the time and the random number.
//
//   idle         begin → starting (spawn)
//   starting     answered → up (ready); missed for longer than startMs → killed, and the death is treated as below
//   up           answered for healthyMs → deaths forgotten; missed `misses` times in a row → killed
//   starting, up exited 0 → stopped (a client asked for it); exited with a final code → given up;
//                the `deaths`th death in a row → given up; else → backing-off (wait)
//                stop → stopping (terminate, deadline)
//   backing-off  due → starting (spawn); stop → stopped
//   stopping     overdue → killed; exited → stopped
//   stopped, given-up are the end. What is not named here changes nothing.
//
// The wait doubles with each death in a row, times a random factor of 0.5 to 1.5, so that several homes that die of the
// same cause do not return at the same moment (exponential back-off with jitter).
import { isFinal } from '../src/base/exit-codes.ts'

export type Phase = 'idle' | 'starting' | 'up' | 'backing-off' | 'stopping' | 'stopped' | 'given-up'

export interface Supervisor {
  readonly phase: Phase
  /** When this phase began, milliseconds. */
  readonly since: number
  /** Deaths in a row, none of them after `healthyMs` of health. */
  readonly deaths: number
  /** Starts after the first. */
  readonly restarts: number
  /** Pings in a row without an answer. */
  readonly misses: number
  /** Why it was killed, is backing off, was given up or stopped. */
  readonly reason?: string
  /** Of a kernel that was given up. */
  readonly exitCode?: number
}

export type Happening =
  | { readonly kind: 'begin' | 'answered' | 'missed' | 'due' | 'stop' | 'overdue'; readonly now: number }
  | {
      readonly kind: 'exited'
      readonly now: number
      readonly code: number | null
      readonly signal: string | null
      /** 0 to 1. */
      readonly random: number
    }

export type Effect =
  | { readonly kind: 'spawn' | 'ready' | 'terminate' | 'kill' }
  /** Hand in `due` (wait) or `overdue` (deadline) after so long. */
  | { readonly kind: 'wait' | 'deadline'; readonly ms: number }

export interface SupervisorSettings {
  /** A kernel that has not answered after so long is killed. */
  readonly startMs: number
  readonly healthyMs: number
  readonly misses: number
  readonly deaths: number
  readonly backOffMs: number
  readonly longestBackOffMs: number
  /** From SIGTERM to SIGKILL. */
  readonly stopMs: number
}

export const SETTINGS: SupervisorSettings = {
  startMs: 90_000,
  healthyMs: 5000,
  misses: 4,
  deaths: 8,
  backOffMs: 100,
  longestBackOffMs: 8000,
  stopMs: 60_000,
}

export const IDLE: Supervisor = { phase: 'idle', since: 0, deaths: 0, restarts: 0, misses: 0 }

interface Step {
  readonly state: Supervisor
  readonly effects: readonly Effect[]
}

/** The state after `happening`, and what is to be done. */
export function next(state: Supervisor, happening: Happening, settings: SupervisorSettings): Step {
  const { now } = happening
  const stay: Step = { state, effects: [] }
  const to = (phase: Phase, change: Partial<Supervisor> = {}): Supervisor => {
    const { reason: _past, ...rest } = state
    return { ...rest, phase, since: now, misses: 0, ...change }
  }
  const alive = state.phase === 'starting' || state.phase === 'up'

  switch (happening.kind) {
    case 'begin':
      return state.phase === 'idle' ? { state: to('starting'), effects: [{ kind: 'spawn' }] } : stay
    case 'due':
      if (state.phase !== 'backing-off') return stay
      return { state: to('starting', { restarts: state.restarts + 1 }), effects: [{ kind: 'spawn' }] }
    case 'answered':
      if (state.phase === 'starting') return { state: to('up'), effects: [{ kind: 'ready' }] }
      if (state.phase !== 'up') return stay
      return {
        state: { ...state, misses: 0, deaths: now - state.since >= settings.healthyMs ? 0 : state.deaths },
        effects: [],
      }
    case 'missed':
      return alive ? missed(state, now, settings) : stay
    case 'stop':
      if (alive) return { state: to('stopping'), effects: [{ kind: 'terminate' }, deadline(settings)] }
      if (state.phase !== 'backing-off' && state.phase !== 'idle') return stay
      return { state: to('stopped', { reason: 'asked to stop' }), effects: [] }
    case 'overdue':
      return state.phase === 'stopping' ? { state, effects: [{ kind: 'kill' }] } : stay
    case 'exited':
      if (state.phase === 'stopping')
        return { state: to('stopped', { reason: 'asked to stop' }), effects: [] }
      return alive ? died(state, happening, settings, to) : stay
  }
}

const deadline = ({ stopMs }: SupervisorSettings): Effect => ({ kind: 'deadline', ms: stopMs })

function missed(state: Supervisor, now: number, settings: SupervisorSettings): Step {
  const misses = state.misses + 1
  const late = state.phase === 'starting' && now - state.since >= settings.startMs
  if (!late && !(state.phase === 'up' && misses >= settings.misses))
    return { state: { ...state, misses }, effects: [] }
  const reason = late
    ? `it did not answer within ${settings.startMs} ms of its start`
    : `it left ${misses} pings in a row unanswered`
  // Nothing more is asked of it: the counts wait for its death.
  return { state: { ...state, misses: 0, reason }, effects: [{ kind: 'kill' }] }
}

function died(
  state: Supervisor,
  { now, code, signal, random }: Extract<Happening, { kind: 'exited' }>,
  settings: SupervisorSettings,
  to: (phase: Phase, change?: Partial<Supervisor>) => Supervisor,
): Step {
  const how = code === null ? `it died of ${signal}` : `it exited with code ${code}`
  const reason = state.reason ?? how
  if (code === 0) return { state: to('stopped', { reason: 'the kernel was asked to stop' }), effects: [] }
  if (isFinal(code))
    return {
      state: to('given-up', { reason: `${how}, which another start would not mend`, exitCode: code ?? 1 }),
      effects: [],
    }
  const healthy = state.phase === 'up' && now - state.since >= settings.healthyMs
  const deaths = (healthy ? 0 : state.deaths) + 1
  if (deaths >= settings.deaths)
    return {
      state: to('given-up', {
        deaths,
        reason: `${deaths} deaths in a row; the last: ${reason}`,
        exitCode: 1,
      }),
      effects: [],
    }
  const full = Math.min(settings.longestBackOffMs, settings.backOffMs * 2 ** (deaths - 1))
  const ms = Math.round(full * (0.5 + random))
  return { state: to('backing-off', { deaths, reason }), effects: [{ kind: 'wait', ms }] }
}
