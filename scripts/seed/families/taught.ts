// Which method the next document of the corpus is about: families that are learned slowly come more often than others. The
// score draws all methods alike.
import type { MethodSpec } from '../method-spec.ts'
import { pick, type Random } from '../random.ts'
import { absentSlots } from './absent-slots.ts'
import { familyOf } from './all.ts'
import { amounts } from './amounts.ts'
import { conversions } from './conversions.ts'
import { type Course, methodsOf } from './course.ts'
import { delegation } from './delegation.ts'
import { flags } from './flags.ts'
import { gettingAndSetting } from './getting-setting.ts'
import { listChanges } from './list-changes.ts'
import { slotPairs } from './slot-pairs.ts'

/** Halves: a family that is not listed has 2. */
const WEIGHTS: Readonly<Record<string, number>> = {
  [absentSlots.name]: 8,
  [delegation.name]: 6,
  [gettingAndSetting.name]: 5,
  [conversions.name]: 4,
  [slotPairs.name]: 3,
  [listChanges.name]: 3,
  [flags.name]: 3,
  [amounts.name]: 3,
}

const taughtOf = (course: Course): readonly MethodSpec[] =>
  methodsOf(course).flatMap((spec) => Array<MethodSpec>(WEIGHTS[familyOf(spec)] ?? 2).fill(spec))
const TAUGHT: Readonly<Record<Course, readonly MethodSpec[]>> = {
  first: taughtOf('first'),
  whole: taughtOf('whole'),
}

export const drawTaught = (random: Random, course: Course): MethodSpec => pick(random, TAUGHT[course])
