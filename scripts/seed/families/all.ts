// Every family, in the order of their files.
import type { Family, MethodSpec } from '../method-spec.ts'
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
