// Seeded random numbers (mulberry32, 32 bits of state), so that a run can be made again and continued: the state is
// a number that a checkpoint keeps.

export interface Random {
  /** Uniform in [0, 1). */
  (): number
  readonly state: number
}

/** A generator that continues from `state` (a seed is a state). */
export function randomFrom(state: number): Random {
  let now = state >>> 0
  const next = () => {
    now = (now + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(now ^ (now >>> 15), 1 | now)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return Object.defineProperty(next, 'state', { get: () => now }) as Random
}

/** A normal number of mean 0 and deviation 1 (Box and Muller). */
export const gaussian = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

/** The numbers 0 … count − 1 in random order (Fisher and Yates). */
export function permutation(count: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const kept = order[i]!
    order[i] = order[j]!
    order[j] = kept
  }
  return order
}
