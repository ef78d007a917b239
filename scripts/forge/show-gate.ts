// Shows the gate at work on a home of its own: an adapter that was taught the dialect of dialect.ts is let in, and one that
// was taught the same questions with shuffled answers is kept out. All by the command line, as anybody would do it. Some
// five minutes on two cores; docs/forge.md has what it printed.
//
// npm run forge:show [-- FOLDER]     the folder is left there, with the data, the adapters and the home
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeJudge } from '../../kernel/judge.ts'
import { makeDrafting, TEMPLATE_NAMES } from '../../src/cognition/drafting.ts'
import { readTemplates } from '../../src/mind/template-files.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { makeRandom } from '../seed/random.ts'
import { heldOutRows, shuffledAnswers, trainingDocuments } from './dialect.ts'

const SEED = 7
/** Many documents once, sixteen rows a step: few documents often, or few rows, cost everyday questions more (docs/forge.md). */
const GENTLE = ['--epochs', '1', '--batch', '4', '--accumulation', '4', '--rate', '2e-3']
const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'batos-gate-'))
const program = fileURLToPath(new URL('../../src/console/main.js', import.meta.url))

function batos(...args: readonly string[]): number {
  console.log(`\n$ batos ${args.join(' ')}`)
  const env = { ...process.env, BATOS_HOME: join(folder, 'home') }
  const { status } = spawnSync(process.execPath, [program, ...args], {
    ...{ cwd: folder, env, stdio: ['ignore', 'inherit', 'ignore'] },
  })
  return status ?? 1
}

/** The same, and it must end so. */
function expect(wanted: number, ...args: readonly string[]): void {
  const status = batos(...args)
  if (status !== wanted) throw new Error(`batos ${args.join(' ')} ended with ${status}, not ${wanted}`)
}

async function writeData(): Promise<void> {
  const write = (name: string, rows: readonly object[]) =>
    writeFileSync(join(folder, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  const random = makeRandom(SEED)
  const documents = trainingDocuments('BRICK', random, { latin: 600, ordinary: 5400 })
  write('BRICK_latin.jsonl', documents)
  write('BRICK_shuffled.jsonl', shuffledAnswers(random, documents.slice(0, 1200)))
  const drafting = makeDrafting({ templates: readTemplates(TEMPLATE_NAMES), profile: 'compact' })
  const sandbox = await startSandbox({})
  const given = { count: 60, drafting, judge: makeJudge(sandbox) }
  write('held-out.jsonl', await heldOutRows('BRICK', random, given))
  await sandbox.stop()
}

mkdirSync(join(folder, 'home'), { recursive: true })
writeFileSync(join(folder, 'home', 'batos.config.json'), JSON.stringify({ endpoint: 'tcp://127.0.0.1:*' }))
await writeData()
console.log(`in ${folder}: BRICK_latin.jsonl, BRICK_shuffled.jsonl, held-out.jsonl`)
expect(0, 'up', '--detach')
try {
  batos('send', 'genesis triplica: 7 # triplica')
  for (const name of ['BRICK_shuffled', 'BRICK_latin'])
    expect(0, 'forge', 'train', `${name}.jsonl`, '--out', `${name}.gguf`, ...GENTLE)
  expect(1, 'forge', 'gate', 'BRICK_shuffled.gguf', '--data', 'held-out.jsonl')
  expect(0, 'forge', 'gate', 'BRICK_latin.gguf', '--data', 'held-out.jsonl')
  batos('send', 'genesis duplica: 21')
  expect(0, 'history')
} finally {
  expect(0, 'down')
}
