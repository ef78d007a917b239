// How near a value is to the state of `self`: one number a value.
//
// The number says how many fresh layers lie over a part of the state:
//   0      the value may be a part of the state itself: writing into it changes the state
//   1..3   a fresh container; what is read from it is one layer nearer (3 stands for three or more)
//   CLEAN  no part of the state can be reached from it
// So `self.items` is 0, `[...self.items]` is 1 and its elements are 0; `self.items.length` is CLEAN. The smaller
// number is the safer one, and joining takes the smaller: a lattice of five levels.
import type { Fn } from './scope.ts'

export const CLEAN = 9
const DEEPEST = 3

export interface Value {
  readonly layers: number
  /** It may be `self` itself. */
  readonly self: boolean
  /** The functions of this method it may be. */
  readonly fns: ReadonlySet<Fn>
}

export const NO_FNS: ReadonlySet<Fn> = new Set()
export const clean: Value = { layers: CLEAN, self: false, fns: NO_FNS }
export const part: Value = { layers: 0, self: false, fns: NO_FNS }

/** Whether the value may be a part of the state (`self` itself aside). */
export const isPart = (value: Value): boolean => value.layers === 0

/** Whether nothing of the state can be reached from the value. */
export const isClean = (value: Value): boolean => value.layers === CLEAN && !value.self

/** Either of the two. */
export function join(a: Value, b: Value): Value {
  if (b === clean || a === b) return a
  if (a === clean) return b
  return {
    layers: Math.min(a.layers, b.layers),
    self: a.self || b.self,
    fns: b.fns.size === 0 ? a.fns : a.fns.size === 0 ? b.fns : new Set([...a.fns, ...b.fns]),
  }
}

/** Whether joining has changed nothing. */
export const isSame = (a: Value, b: Value): boolean =>
  a.layers === b.layers && a.self === b.self && a.fns.size === b.fns.size

/** What is read out of a value. */
export function read(value: Value): Value {
  if (value.self || value.layers === 0) return part
  return value.layers === CLEAN ? clean : { layers: value.layers - 1, self: false, fns: NO_FNS }
}

/** A fresh container of the values. */
export function containing(...values: readonly Value[]): Value {
  const nearest = values.reduce((layers, v) => Math.min(layers, v.self ? 0 : v.layers), CLEAN)
  return nearest === CLEAN ? clean : { layers: Math.min(nearest + 1, DEEPEST), self: false, fns: NO_FNS }
}
