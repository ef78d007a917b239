// Long work in one process with others: it gives way now and then, so that nobody waits longer than a slice for a turn.
import { setImmediate } from 'node:timers/promises'

/** How long work goes on before it gives way, in milliseconds. */
const SLICE_MS = 5

/** What a long loop asks for at every round: nothing, or what to wait for before it goes on. */
export type Turn = () => Promise<void> | undefined

/** Of rounds that take a few microseconds each, so many go by between two looks at the clock. */
const ROUNDS = 32

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

/** Does long work by `some`, which does a part of it and answers what to wait for before the next; nothing when it is done. */
export async function byParts(some: Turn): Promise<void> {
  for (let pause = some(); pause; pause = some()) await pause
}

/** Calls `visit`, which takes a few microseconds, with each of `all`. */
export function forEachInTurns<T>(all: Iterable<T>, turn: Turn, visit: (each: T) => void): Promise<void> {
  const left = all[Symbol.iterator]()
  return byParts(() => {
    for (let round = 1; ; round++) {
      const { done, value } = left.next()
      if (done) return undefined
      visit(value)
      const pause = round % ROUNDS === 0 ? turn() : undefined
      if (pause) return pause
    }
  })
}
