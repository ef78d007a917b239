// Which method the next document of the corpus is about: families that are learned slowly come more often than others. The
// score draws all methods alike.
import type { MethodSpec } from '../method-spec.ts'
import { pick, type Random } from '../random.ts'
import { absentSlots } from './absent-slots.ts'
import { familyOf } from './all.ts'
import { conversions } from './conversions.ts'
import { type Course, methodsOf } from './course.ts'
import { delegation } from './delegation.ts'
import { gettingAndSetting } from './getting-setting.ts'

/** Halves: a family that is not listed has 2. */
const WEIGHTS: Readonly<Record<string, number>> = {
  [absentSlots.name]: 6,
  [delegation.name]: 5,
  [gettingAndSetting.name]: 4,
  [conversions.name]: 3,
}

const taughtOf = (course: Course): readonly MethodSpec[] =>
  methodsOf(course).flatMap((spec) => Array<MethodSpec>(WEIGHTS[familyOf(spec)] ?? 2).fill(spec))
const TAUGHT: Readonly<Record<Course, readonly MethodSpec[]>> = {
  first: taughtOf('first'),
  whole: taughtOf('whole'),
}

export const drawTaught = (random: Random, course: Course): MethodSpec => pick(random, TAUGHT[course])
