// A trained adapter dropped into the folder of a real daemon with its held-out set is let in by itself, its missions are
// counted, a worse one is kept out beside it, and its owner takes that back. (test/kernel/examination.test.ts has those that
// are kept out by what they do to the bare model.)
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeJudge } from '../../kernel/judge.ts'
import { seedPath } from '../../kernel/models.ts'
import { heldOutRows, trainingDocuments } from '../../scripts/forge/dialect.ts'
import { makeRandom } from '../../scripts/seed/random.ts'
import type { BatError } from '../../src/base/errors.ts'
import type { Tid } from '../../src/base/ids.ts'
import { makeDrafting, TEMPLATE_NAMES } from '../../src/cognition/drafting.ts'
import { trainAdapter } from '../../src/forge/trainer.ts'
import { readTemplates } from '../../src/mind/template-files.ts'
import type { Client } from '../../src/protocol/client.ts'
import type { ExpertEvent, ProgressAnswer } from '../../src/protocol/messages.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { writeMadeAdapter } from '../forge/made-adapters.ts'
import { type Daemon, say, startDaemon, until } from './daemon.ts'

const program = fileURLToPath(new URL('../../src/console/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'batos-gate-'))
const trained = join(folder, 'ROBIN_latin.gguf')
const heldOut = join(folder, 'held-out.jsonl')
const PROBATION = 4
let daemon: Daemon
let client: Client
/** What was said of ROBIN_latin. */
let decided: ExpertEvent

before(async () => {
  const random = makeRandom(7)
  const lines = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')
  const data = join(folder, 'data.jsonl')
  writeFileSync(data, lines(trainingDocuments('ROBIN', random, { latin: 40, ordinary: 40 })))
  const templates = readTemplates(TEMPLATE_NAMES)
  const drafting = makeDrafting({ templates, profile: 'compact' })
  const sandbox = await startSandbox({})
  const asked = { count: 16, drafting, judge: makeJudge(sandbox) }
  writeFileSync(heldOut, lines(await heldOutRows('ROBIN', random, asked)))
  await sandbox.stop()
  const small = {
    rank: 4,
    batch: 1,
    accumulation: 1,
    epochs: 3,
    rate: 2e-3,
    replicas: 1,
    device: 'cpu',
  } as const
  await trainAdapter({ base: seedPath, data, output: trained, ...small })
  // So short a training forgets some of the rest; the long form (npm run forge:show) keeps to the two points.
  daemon = await startDaemon({ experts: { settleMs: 100 }, forge: { points: 30, probation: PROBATION } })
  client = daemon.client()
  decided = await dropped('ROBIN_latin', trained)
})
after(async () => {
  await daemon.stop()
  rmSync(folder, { recursive: true })
})

// biome-ignore lint/suspicious/noExplicitAny: whatever the task answers
const task = async (name: string, options: Record<string, string> = {}): Promise<any> => {
  const asked = { command: 'maintain', options: { task: name, settings: options } } as const
  return ((await client.request(asked)) as { result: unknown }).result
}
/** What the gate says of an expert, once it does. */
const verdictOf = (name: string): Promise<ExpertEvent> =>
  new Promise((resolve, reject) => {
    const onEvent = (told: ProgressAnswer) => {
      if (told.kind !== 'status' || told.event.kind !== 'expert' || told.event.name !== name) return
      if (told.event.what !== 'taken') resolve(told.event)
    }
    client.request({ command: 'subscribe' }, { onEvent }).catch(reject)
  })
/** Drops an adapter with the held-out set, and waits for the verdict. */
function dropped(name: string, file: string): Promise<ExpertEvent> {
  const verdict = verdictOf(name)
  copyFileSync(heldOut, join(daemon.home.adapters, `${name}.jsonl`))
  copyFileSync(file, join(daemon.home.adapters, `${name}.gguf`))
  return verdict
}
/** The command line as it is typed. */
// biome-ignore lint/suspicious/noExplicitAny: whatever the command says
const batos = (...args: string[]): Promise<{ status: unknown; told: any }> =>
  new Promise((resolve) => {
    const env = { ...process.env, BATOS_HOME: daemon.home.dir }
    execFile(process.execPath, [program, ...args, '--json'], { env }, (failure, output) =>
      resolve({ status: failure?.code ?? 0, told: JSON.parse(output || 'null') }),
    )
  })
const robin = async () =>
  (await task('expert-list')).personas.find(({ persona }: { persona: string }) => persona === 'ROBIN')

test('lets a trained adapter in that was dropped with its held-out set', async () => {
  const { what, reason } = decided
  assert.equal(what, 'served', reason)
  assert.match(reason, /^it is better: held-out/)
  assert.equal((await robin()).expert, 'ROBIN_latin')
  await assert.rejects(task('forge-gate', { adapter: 'ROBIN_latin' }), { code: 'E_EXPERT_SERVES' })

  const loud = join(folder, 'loud.gguf')
  writeMadeAdapter(loud, seedPath, 40)
  await assert.rejects(task('forge-gate', { adapter: loud }), { code: 'E_EXPERT_NAME' })
  await assert.rejects(task('forge-gate', { adapter: loud, persona: 'ROBIN' }), (thrown: BatError) => {
    assert.equal(thrown.code, 'E_NO_HELD_OUT')
    assert.match(thrown.message, /came with ROBIN_\d{14},/)
    return true
  })
  await assert.rejects(task('forge-gate', { adapter: 'ROBIN_latin', persona: 'BRICK' }), { code: 'E_USAGE' })
  assert.equal((await robin()).expert, 'ROBIN_latin')
})

test('keeps out what does worse than the expert that serves, though it does no worse than the bare model', async () => {
  const still = join(folder, 'ROBIN_still.gguf')
  writeMadeAdapter(still, seedPath, 0)
  const { status, told } = await batos('forge', 'gate', still, '--data', heldOut)
  assert.equal(status, 1)
  const { passed, name, report } = told
  assert.deepEqual([passed, name, report.serving], [false, 'ROBIN_still', 'ROBIN_latin'])
  assert.equal(report.reason, 'not-better')
  assert.ok(report.heldOut.lost > 0, JSON.stringify(report.heldOut))

  writeMadeAdapter(still, seedPath, 1e-9)
  const { what, reason } = await dropped('ROBIN_quiet', still)
  assert.equal(what, 'kept_out')
  assert.match(reason, /^it is not shown to be better/)
  const { personas, experts } = await task('expert-list')
  const stateOf = (wanted: string) => experts.find((each: { name: string }) => each.name === wanted)?.state
  assert.deepEqual(['ROBIN_still', 'ROBIN_quiet'].map(stateOf), ['kept out', 'kept out'])
  assert.equal(personas.find((each: { persona: string }) => each.persona === 'ROBIN').expert, 'ROBIN_latin')
})

test('asks it in the missions of its persona, counts them, and has it stay when probation is over', {
  timeout: 120_000,
}, async () => {
  for (const [message, answer] of [
    ['greet: "Ada"', 'Hello, Ada!'],
    ['welcome: "Ada"', 'Welcome, Ada!'],
    ['goodbye: "Ada"', 'Goodbye, Ada!'],
    ['hi: "Ada"', 'Hi, Ada!'],
  ] as const)
    assert.equal(await say(client, `genesis ${message} => ${JSON.stringify(answer)}`), answer)
  const calls = (await daemon.audit()).filter(({ active_persona }) => active_persona === 'ROBIN')
  assert.equal(calls.at(-1)?.expert_version, (await robin()).sha256)
  const { missions } = await until(async () => {
    const found = await robin()
    return (found.expert === '' || found.missions.course === 'active') && found
  })
  assert.deepEqual(missions, { asked: PROBATION, right: PROBATION, course: 'active' })
})

test('serves no more when its owner undoes that, and again when he undoes the undoing', async () => {
  const { events } = await task('expert-history', { persona: 'ROBIN' })
  const [{ transaction }] = events.filter(({ description }: { description: string }) =>
    description.startsWith('ROBIN thinks with'),
  )
  const undo = async (tid: Tid): Promise<Tid> => {
    const answer = await client.ask({ command: 'undo', options: { tids: [tid], keep: [] } })
    return (answer.value as { transaction: Tid }).transaction
  }
  const undone = await undo(transaction)
  assert.equal((await robin()).expert, '')
  await undo(undone)
  assert.equal((await robin()).expert, 'ROBIN_latin')
})
