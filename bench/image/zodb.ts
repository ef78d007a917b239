// ZODB beside the image. Where `python3` has it with its compiled parts (`pip install ZODB`), zodb.py does the same in the same
// run, in turns with ours and in the same folder of temporary files; below each row stands one of processor time then, which
// other work on the machine disturbs less. Elsewhere the figures stand beside that ZODB 6.4 had on two shared cores.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { packageRoot } from '../../src/base/package-root.ts'
import { median, type Row, row } from '../result.ts'
import { type Figure, inFolder } from './scratch.ts'

export type Figures<Name extends string> = Readonly<Record<Name, Figure>>

/** Has zodb.py do one part, in a process and a folder, and tell what it measured. */
export type Zodb = <Name extends string>(part: string, dir: string, count: number) => Figures<Name>

/** What was measured of both; of ZODB nothing where it is not. */
export interface Pair {
  readonly ours: Figure
  readonly zodb: Figure | undefined
}

export interface Beside {
  readonly what: string
  /** What ZODB needed elsewhere: in words, and the one figure to reckon with. */
  readonly published: readonly [words: string, figure: number]
  readonly goal?: string
  readonly isReached?: (ratio: number) => boolean
}

const ROUNDS = 3
const TOLD = 'told, not judged'

export function findZodb(): Zodb | undefined {
  try {
    const { version, compiled } = ask('about') as { version: string; compiled: boolean }
    console.error(`ZODB ${version} takes turns${compiled ? '' : ' no: its compiled parts are not here'}`)
    return compiled ? (part, dir, count) => ask(part, dir, String(count)) as never : undefined
  } catch (error) {
    console.error(`no ZODB here: ${(error as Error).message.trim().split('\n').at(-1)}`)
    return undefined
  }
}

function ask(...words: string[]): unknown {
  const script = join(packageRoot, 'bench', 'image', 'zodb.py')
  return JSON.parse(execFileSync('python3', [script, ...words], { encoding: 'utf8', stdio: 'pipe' }))
}

/** Our turns and ZODB's, one after the other: the median of each figure. */
export async function inTurns<Name extends string>(
  ours: () => Promise<Figures<Name>>,
  zodb: ((dir: string) => Figures<Name>) | undefined,
): Promise<Readonly<Record<Name, Pair>>> {
  const turns: { readonly ours: Figures<Name>[]; readonly zodb: Figures<Name>[] } = { ours: [], zodb: [] }
  for (let round = 0; round < ROUNDS; round++) {
    turns.ours.push(await ours())
    if (zodb) turns.zodb.push(await inFolder(async (dir) => zodb(dir)))
  }
  const pairs = Object.keys(turns.ours[0]!).map((key) => {
    const of = (figures: Figures<Name>[]) => middle(figures.map((each) => each[key as Name]))
    return [key, { ours: of(turns.ours), zodb: zodb && of(turns.zodb) }]
  })
  return Object.fromEntries(pairs) as Readonly<Record<Name, Pair>>
}

/** The median by each clock. */
export function middle(figures: readonly Figure[]): Figure {
  const real = median(figures.map((figure) => figure.real))
  const cpu = figures.flatMap((figure) => figure.cpu ?? [])
  return cpu.length > 0 ? { real, cpu: median(cpu) } : { real }
}

/** The row of a pair, and that of its processor time. */
export function besideZodb(
  { ours, zodb }: Pair,
  { what, published: [words, figure], goal = TOLD, isReached = () => true }: Beside,
): Row[] {
  const judge = ({ ratio }: { ratio: number }) => isReached(ratio)
  if (!zodb) return [row(`${what} (ZODB elsewhere: ${words})`, ours.real, figure, goal, judge)]
  const judged = row(`${what} (ZODB, same run)`, ours.real, zodb.real, goal, judge)
  if (ours.cpu === undefined || zodb.cpu === undefined) return [judged]
  return [judged, row(`${what}, by processor time (ZODB, same run)`, ours.cpu, zodb.cpu, TOLD, () => true)]
}
