// The methods that a seed mind is taught and scored on. The first course is what people ask of small objects most: some two
// million parameters learn it well in two hours on two cores. The whole course is for a wider model.
import type { MethodSpec } from '../method-spec.ts'
import { METHODS } from './all.ts'

export const COURSE_NAMES = ['first', 'whole'] as const
export type Course = (typeof COURSE_NAMES)[number]

const first = new Set(
  `
  add sub subfrom mul div mod pow avg2 max2 min2
  double triple half timesK plusK minusK square negate abs
  c2f f2c and or not factorial sumto discount tax
  even odd positive negativeq divisible gt lt eq between clamp
  round floor ceil year month
  reverse concat joinspace repeat exclaim question trim
  upper lower capitalize length wordcount
  firstletter lastletter firstn words contains starts palindrome
  greet hi welcome thank bye morning night birthday
  hellome intro describe shoutslot revslot
  incabsent incnabsent setabsent pushabsent get set
  above below enough withdraw zeroslot
  inc dec incn decn reset step
  toggle on off status
  sum2 prod2 diff2
  asum amax amin aavg acount arev asort
  push remove pop clear
  count sum max min avg first last at has isempty
  evens odds filterabove filterbelow sorted reversed joined
  look put haskey delkey keys valuesum
  saybefore
  askslot tellobject forward forwardwith
`
    .trim()
    .split(/\s+/),
)

const COURSES: Readonly<Record<Course, readonly MethodSpec[]>> = {
  first: METHODS.filter(({ id }) => first.has(id)),
  whole: METHODS,
}

export const methodsOf = (course: Course): readonly MethodSpec[] => COURSES[course]
