// What becomes of an adapter that was let in, by how the missions of its persona end while it serves. A mission went right
// when the first draft of its method was accepted. Its share is compared with that of what served before (Fisher's exact
// test, one-sided): after the full number of missions at the limit, and at each mission before at a stricter one, since
// looking often finds something often. Where nothing was asked before it, the right answers that what served gave on the
// regression suite stand in: everyday questions too, and better than nothing to be worse than.
//
//   provisional   → active     after so many missions, none of the looks having found it worse
//                 → returned   when a look finds it worse; what served before serves again
import { apartWorse, type Count } from './exact-test.ts'

export interface ProbationLimits {
  /** Missions until it stays. */
  readonly missions: number
  readonly p: number
  /** Before the last mission. */
  readonly earlyP: number
}

export const probationLimits = { p: 0.05, earlyP: 0.01 } as const

export type Course = 'provisional' | 'active' | 'returned'

export interface Look {
  readonly course: Course
  /** How likely so few right ones would be, were both equally good. */
  readonly p: number
}

/** What the missions are compared with. `examined`: what served on the regression suite, where that is known. */
export const baselineOf = (before: Count, examined?: Count): Count =>
  before.asked === 0 && examined ? examined : before

export function lookAt(since: Count, before: Count, { missions, p, earlyP }: ProbationLimits): Look {
  const found = apartWorse(since, before)
  const over = since.asked >= missions
  const course = found < (over ? p : earlyP) ? 'returned' : over ? 'active' : 'provisional'
  return { course, p: found }
}
