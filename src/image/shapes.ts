// Shapes: what a program expects of the slots of some objects. When it changes its mind (a slot gets another name, a text
// becomes a list), it gives the shape its next version and a step from the one before, up and down. Every revision carries
// the version that it was written with; an object is brought to the version at hand when it is read, and written so when it
// is next changed: nothing is rewritten all at once, and the past is seen in the present shape as well. A program that
// works with a lower version, but knows the steps, goes down by them: so a release can be taken back. What a step gives is
// all that is seen of an object: two versions of one object never meet.
import { BatError } from '../base/errors.ts'
import type { Oid } from '../base/ids.ts'
import { admit } from './admit.ts'
import type { Slots } from './object-state.ts'

export interface Shape {
  /** How a person calls objects of this shape. */
  readonly name: string
  /** Whether an object is of this shape, with its slots as any version has them. An object is of the first that says so. */
  readonly has: (slots: Slots) => boolean
  /** The version to work with, up to 65,535; before anything changed it was 0. */
  readonly version: number
  readonly steps: readonly ShapeStep[]
}

/** Pure functions: they answer new slots. */
export interface ShapeStep {
  readonly from: number
  /** Greater than `from`. */
  readonly to: number
  readonly up: (slots: Slots) => Slots
  readonly down: (slots: Slots) => Slots
}

/** The shapes that this program has changed: none so far. */
export const SHAPES: readonly Shape[] = []

export class Shapes {
  readonly #shapes: readonly Shape[]

  constructor(shapes: readonly Shape[]) {
    this.#shapes = shapes
  }

  /** The version that an object with these slots is written with. */
  versionOf(slots: Slots): number {
    return this.#of(slots)?.version ?? 0
  }

  /** Slots written with the version `found`, as the version at hand has them. Throws E_SHAPE. */
  brought(oid: Oid, slots: Slots, found: number): Slots {
    const shape = this.#of(slots)
    if ((shape?.version ?? 0) === found) return slots
    if (!shape) throw unknown({ oid, found, name: 'object', known: 0 })
    let brought = slots
    for (let version = found; version !== shape.version; ) {
      const step = stepFrom(shape, version)
      if (!step) throw unknown({ oid, found, name: shape.name, known: shape.version })
      const next = version === step.from ? step.to : step.from
      brought = taken(oid, brought, { step, from: version, to: next })
      version = next
    }
    return brought
  }

  #of(slots: Slots): Shape | undefined {
    return this.#shapes.length === 0 ? undefined : this.#shapes.find(({ has }) => has(slots))
  }
}

const stepFrom = ({ version, steps }: Shape, at: number): ShapeStep | undefined =>
  at < version
    ? steps.find(({ from, to }) => from === at && to <= version)
    : steps.find(({ from, to }) => to === at && from >= version)

function taken(
  oid: Oid,
  slots: Slots,
  { step, from, to }: { readonly step: ShapeStep; readonly from: number; readonly to: number },
): Slots {
  try {
    const next = from < to ? step.up(slots) : step.down(slots)
    return new Map([...next].map(([name, value]) => [name, admit(value, () => `${oid}.${name}`)]))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const problem = `cannot be brought from version ${from} of its shape to version ${to}: ${reason}`
    throw new BatError('E_SHAPE', { object: oid, problem }, { cause: error })
  }
}

function unknown(of: {
  readonly oid: Oid
  readonly found: number
  readonly name: string
  readonly known: number
}): BatError {
  const { oid, found, name, known } = of
  const problem = `is a ${name} of version ${found}; this program works with version ${known} and knows no way from there`
  return new BatError('E_SHAPE', { object: oid, found, known, problem })
}
