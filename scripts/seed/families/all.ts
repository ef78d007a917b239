// Every family, in the order of their files.
import type { Family, MethodSpec } from '../method-spec.ts'
import { chance, pick, type Random } from '../random.ts'
import * as collections from './collections.ts'
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

export const METHODS: readonly MethodSpec[] = FAMILIES.flatMap((family) => family.methods)

/** Draws a method as often as it is asked for. */
export function drawMethod(random: Random, among: readonly MethodSpec[] = METHODS): MethodSpec {
  for (;;) {
    const spec = pick(random, among)
    if (!spec.rare || chance(random, 0.25)) return spec
  }
}
