// Every family, in the order of their files.
import type { Family, MethodSpec } from '../method-spec.ts'
import { pick, type Random } from '../random.ts'
import * as collections from './collections.ts'
import { isInCourse } from './course.ts'
import * as greetings from './greetings.ts'
import * as numbers from './numbers.ts'
import * as numbersMore from './numbers-more.ts'
import * as sayings from './sayings.ts'
import * as states from './states.ts'
import * as texts from './texts.ts'

export const FAMILIES: readonly Family[] = [
  numbers,
  numbersMore,
  texts,
  greetings,
  states,
  collections,
  sayings,
].flatMap((file) => Object.values(file))

/** What the first seed mind is taught and scored on; the other methods of the families wait for a larger one. */
export const METHODS: readonly MethodSpec[] = FAMILIES.flatMap(({ methods }) => methods).filter(({ id }) =>
  isInCourse(id),
)

/** The families that it is taught something of. */
export const TAUGHT: readonly Family[] = FAMILIES.filter(({ methods }) =>
  methods.some(({ id }) => isInCourse(id)),
)

export const drawMethod = (random: Random, among: readonly MethodSpec[] = METHODS): MethodSpec =>
  pick(random, among)
