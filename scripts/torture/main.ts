// `npm run torture [-- NAME...] [--short] [--rounds N] [--seed N] [--json]`: does harm to images and looks whether they keep what
// docs/durability.md promises. Without names, every trial; what cannot be done on this machine is said and left out. The
// seed is printed, so that a failure can be done again. With --json the last line of standard output is
// {"seed", "ok", "trials": [{"name", "ok", "seconds", "counts", "problem", "missing"}]}. Exit status 1 when a promise was broken.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { EXIT } from '../../src/base/exit-codes.ts'
import { openProgress } from '../../src/console/progress.ts'
import { makeRandom } from '../seed/random.ts'
import type { Counts, Trial } from './trial.ts'
import { trials } from './trials.ts'

interface Outcome {
  readonly name: string
  readonly ok: boolean
  readonly seconds: number
  readonly counts?: Counts
  readonly problem?: string
  readonly missing?: string
}

const say = (text: string): void => void process.stderr.write(`${text}\n`)

const { values: flags, positionals: names } = argumentsOf()
const wanted = names.length === 0 ? trials : trials.filter(({ name }) => names.includes(name))
const unknown = names.filter((name) => !trials.some((trial) => trial.name === name))
if (unknown.length > 0) {
  say(`batos: no trial ${unknown.join(', ')}. There are: ${trials.map(({ name }) => name).join(', ')}`)
  process.exit(EXIT.usage)
}
const seed = flags.seed === undefined ? Date.now() % 1_000_000 : Number(flags.seed)
say(`seed ${seed}`)
const outcomes: Outcome[] = []
for (const trial of wanted) outcomes.push(await tried(trial))
const ok = outcomes.every((outcome) => outcome.ok)
if (flags.json) console.log(JSON.stringify({ seed, ok, trials: outcomes }))
process.exit(ok ? EXIT.ok : EXIT.failed)

function argumentsOf() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        short: { type: 'boolean' },
        rounds: { type: 'string' },
        seed: { type: 'string' },
        json: { type: 'boolean' },
      },
    })
  } catch (error) {
    say(`batos: ${(error as Error).message}`)
    process.exit(EXIT.usage)
  }
}

async function tried(trial: Trial): Promise<Outcome> {
  const missing = trial.missing?.()
  if (missing !== undefined) {
    say(`- ${trial.title}: left out, ${missing}`)
    return { name: trial.name, ok: true, seconds: 0, missing }
  }
  const rounds = Number(flags.rounds ?? trial.rounds[flags.short ? 'short' : 'long'])
  const folder = mkdtempSync(join(tmpdir(), `batos-torture-${trial.name}-`))
  const line = openProgress({ errors: process.stderr, environment: process.env }, trial.name)
  const began = performance.now()
  const seconds = () => Math.round((performance.now() - began) / 100) / 10
  try {
    const tell = (done: number) => line.tell({ kind: 'progress', what: 'rounds', done, total: rounds })
    const counts = await trial.run({ folder, seed, random: makeRandom(seed), rounds, tell })
    line.end()
    say(`✓ ${trial.title}: ${countsText(counts)} (${seconds()} s)`)
    return { name: trial.name, ok: true, seconds: seconds(), counts }
  } catch (error) {
    line.end()
    const problem = error instanceof Error ? (error.stack ?? error.message) : String(error)
    say(`✗ ${trial.title}: ${problem}`)
    say(`  the same again: npm run torture -- ${trial.name} --seed ${seed} --rounds ${rounds}`)
    return { name: trial.name, ok: false, seconds: seconds(), problem }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function countsText(counts: Counts): string {
  return Object.entries(counts)
    .map(([what, count]) => `${count.toLocaleString('en')} ${what}`)
    .join(', ')
}
