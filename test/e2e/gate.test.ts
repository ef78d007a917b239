// A trained adapter dropped into the folder of a real daemon with its held-out set is let in by itself, and its owner takes
// that back. (test/kernel/examination.test.ts has those that are kept out.)
import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { makeJudge } from '../../kernel/judge.ts'
import { seedPath } from '../../kernel/models.ts'
import { heldOutRows, trainingDocuments } from '../../scripts/forge/dialect.ts'
import { makeRandom } from '../../scripts/seed/random.ts'
import type { BatError } from '../../src/base/errors.ts'
import { makeDrafting, TEMPLATE_NAMES } from '../../src/cognition/drafting.ts'
import { trainAdapter } from '../../src/forge/trainer.ts'
import { readTemplates } from '../../src/mind/template-files.ts'
import type { Client } from '../../src/protocol/client.ts'
import type { ExpertEvent, ProgressAnswer } from '../../src/protocol/messages.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { writeMadeAdapter } from '../forge/made-adapters.ts'
import { type Daemon, say, startDaemon } from './daemon.ts'

const folder = mkdtempSync(join(tmpdir(), 'batos-gate-'))
const trained = join(folder, 'ROBIN_latin.gguf')
const heldOut = join(folder, 'held-out.jsonl')
let daemon: Daemon
let client: Client

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
  daemon = await startDaemon({ experts: { settleMs: 100 }, forge: { points: 30 } })
  client = daemon.client()
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
const robin = async () =>
  (await task('expert-list')).personas.find(({ persona }: { persona: string }) => persona === 'ROBIN')

test('lets a trained adapter in that was dropped with its held-out set, and undo takes it back', async () => {
  const decided = verdictOf('ROBIN_latin')
  copyFileSync(heldOut, join(daemon.home.adapters, 'ROBIN_latin.jsonl'))
  copyFileSync(trained, join(daemon.home.adapters, 'ROBIN_latin.gguf'))
  const { what, reason } = await decided
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

  assert.equal(await say(client, 'genesis greet: "Ada" => "Hello, Ada!"'), 'Hello, Ada!')
  const calls = (await daemon.audit()).filter(({ active_persona }) => active_persona === 'ROBIN')
  assert.equal(calls.at(-1)?.expert_version, (await robin()).sha256)

  const { events } = await task('expert-history', { persona: 'ROBIN' })
  const [{ transaction }] = events.filter(({ description }: { description: string }) =>
    description.startsWith('ROBIN thinks with'),
  )
  await client.request({ command: 'undo', options: { tids: [transaction], keep: [] } })
  assert.equal((await robin()).expert, '')
})
