// Long work in one process with others: it gives way now and then, so that nobody waits longer than a slice for a turn.
import { setImmediate } from 'node:timers/promises'

/** How long work goes on before it gives way, in milliseconds. */
const SLICE_MS = 5

/** What a long loop asks for at every round: nothing, or what to wait for before it goes on. */
export type Turn = () => Promise<void> | undefined

/** Answers what a long loop awaits at every round: it gives way when a slice has gone by, and costs next to nothing otherwise. */
export function takeTurns(sliceMs: number = SLICE_MS): Turn {
  let began = performance.now()
  return () => {
    if (performance.now() - began < sliceMs) return undefined
    return setImmediate().then(() => {
      began = performance.now()
    })
  }
}
