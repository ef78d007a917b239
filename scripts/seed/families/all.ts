// Every family, in the order in which the score tells them.
import type { Family, MethodSpec } from '../method-spec.ts'
import { pick, type Random } from '../random.ts'
import { absentSlots } from './absent-slots.ts'
import { amounts } from './amounts.ts'
import { arithmetic } from './arithmetic.ts'
import { calendar } from './calendar.ts'
import { comparisons } from './comparisons.ts'
import { conditions } from './conditions.ts'
import { conversions } from './conversions.ts'
import { counters } from './counters.ts'
import { dates } from './dates.ts'
import { delegation } from './delegation.ts'
import { flags } from './flags.ts'
import { geometry } from './geometry.ts'
import { gettingAndSetting } from './getting-setting.ts'
import { givenLists } from './given-lists.ts'
import { givenListsTurned } from './given-lists-turned.ts'
import { greetings } from './greetings.ts'
import { growingSlots } from './growing-slots.ts'
import { listChanges } from './list-changes.ts'
import { listFilters } from './list-filters.ts'
import { listLookups } from './list-lookups.ts'
import { listTotals } from './list-totals.ts'
import { listsTurned } from './lists-turned.ts'
import { logic } from './logic.ts'
import { loops } from './loops.ts'
import { mapTotals } from './map-totals.ts'
import { maps } from './maps.ts'
import { numberTests } from './number-tests.ts'
import { numberWords } from './number-words.ts'
import { ownText } from './own-text.ts'
import { percents } from './percents.ts'
import { queues } from './queues.ts'
import { rounding } from './rounding.ts'
import { sayings } from './sayings.ts'
import { scaling } from './scaling.ts'
import { selfTalk } from './self-talk.ts'
import { slotPairs } from './slot-pairs.ts'
import { someNumbers } from './some-numbers.ts'
import { tallies } from './tallies.ts'
import { textBuilding } from './text-building.ts'
import { textCase } from './text-case.ts'
import { textCleaning } from './text-cleaning.ts'
import { textMarks } from './text-marks.ts'
import { textMeasure } from './text-measure.ts'
import { textParts } from './text-parts.ts'
import { textTests } from './text-tests.ts'
import { verdicts } from './verdicts.ts'
import { wishes } from './wishes.ts'
import { wordsOfText } from './words-of-text.ts'

export const FAMILIES: readonly Family[] = [
  arithmetic,
  someNumbers,
  scaling,
  percents,
  conversions,
  geometry,
  logic,
  rounding,
  loops,
  numberTests,
  comparisons,
  numberWords,
  dates,
  calendar,
  textCase,
  textMeasure,
  textParts,
  wordsOfText,
  textBuilding,
  textMarks,
  textCleaning,
  textTests,
  greetings,
  wishes,
  selfTalk,
  ownText,
  absentSlots,
  gettingAndSetting,
  counters,
  growingSlots,
  amounts,
  conditions,
  flags,
  slotPairs,
  givenLists,
  givenListsTurned,
  listChanges,
  queues,
  listTotals,
  listLookups,
  listFilters,
  listsTurned,
  maps,
  mapTotals,
  tallies,
  sayings,
  verdicts,
  delegation,
]

export const METHODS: readonly MethodSpec[] = FAMILIES.flatMap(({ methods }) => methods)

const families = new Map(
  FAMILIES.flatMap(({ name, methods }) => methods.map(({ id }) => [id, name] as const)),
)
/** The name of a method's family. */
export const familyOf = ({ id }: MethodSpec): string => families.get(id)!

export const drawMethod = (random: Random, among: readonly MethodSpec[] = METHODS): MethodSpec =>
  pick(random, among)
