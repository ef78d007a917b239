// How telling an example is. Who shows what a message answers takes an example that leaves little doubt: `double: 7 => 14`,
// not `double: 2 => 4`, which adding two and squaring answer as well, and two examples that tell different things. So of a few
// draws the one is taken that, with the examples before it, the fewest other methods answer alike.
import type { Value } from '../../src/base/value.ts'
import { sameAnswer } from '../../src/base/value-equality.ts'
import { METHODS } from './families/all.ts'
import type { MethodSpec } from './method-spec.ts'
import { compile, type Runnable } from './runnable.ts'
import { shapeOf } from './values.ts'

const DRAWS = 4

export interface Example {
  readonly slots: readonly Value[]
  readonly args: readonly Value[]
  readonly answer: Value
}

const shapesOf = (kinds = ''): string => [...kinds].map(shapeOf).join(' ')
const signature = (args: string | undefined, slots: string | undefined): string =>
  `${shapesOf(args)} / ${shapesOf(slots)}`

const competitors = new Map<string, { readonly spec: MethodSpec; readonly run: Runnable }[]>()
for (const spec of METHODS) {
  const body = spec.body.join('\n')
  if (spec.sends || /\b[KQ]\d?\b/.test(body)) continue
  const key = signature(spec.args, spec.slots)
  const run = compile(`function f(self, a, b, c) {\n${body}\n}`)
  competitors.set(key, [...(competitors.get(key) ?? []), { spec, run }])
}

/** How many other methods answer all these examples as `spec` does. */
function doubt(spec: MethodSpec, examples: readonly Example[]): number {
  const keys = new Set([signature(spec.args, spec.slots), signature(spec.args, undefined)])
  return [...keys]
    .flatMap((key) => competitors.get(key) ?? [])
    .filter(({ spec: other, run }) => other !== spec && examples.every((example) => answers(run, example)))
    .length
}

function answers(run: Runnable, { slots, args, answer }: Example): boolean {
  const self = Object.fromEntries(slots.map((slot, index) => [`S${index}`, structuredClone(slot)]))
  try {
    const got = run(self, ...(structuredClone(args) as Value[]))
    return got !== undefined && sameAnswer(got, answer)
  } catch {
    return false
  }
}

/** The most telling of a few draws, after the examples that are shown already; undefined when none can be used. */
export function mostTelling<T extends Example>(
  spec: MethodSpec,
  shown: readonly Example[],
  draw: () => T | undefined,
): T | undefined {
  let best: T | undefined
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < DRAWS && least > 0; i++) {
    const drawn = draw()
    if (drawn === undefined) continue
    const doubts = doubt(spec, [...shown, drawn])
    if (doubts < least) [best, least] = [drawn, doubts]
  }
  return best
}
