// `batos forge train` as it is typed: real processes, the real trainer, no kernel.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { siblingModule } from '../../src/base/sibling-module.ts'
import { openBlas } from '../../src/forge/blas.ts'
import { openGgml } from '../../src/forge/ggml.ts'
import { gradientLimits } from '../../src/forge/gradient-test.ts'
import { batos, preparedHome } from './fixtures/home.ts'

const home = await preparedHome()
const data = join(home.dir, 'lantern.jsonl')
const lines = ['greet', 'double', 'count', 'total'].map((word) =>
  JSON.stringify({
    messages: [
      { role: 'user', content: `object\n${word}_it` },
      { role: 'assistant', content: 'return self.lantern;' },
    ],
  }),
)
writeFileSync(data, lines.join('\n'))

test('trains an adapter with no kernel running, and tells what came out as JSON', async () => {
  const ran = await batos(home, [
    'forge',
    'train',
    data,
    ...'--persona robin --rank 4 --epochs 1 --json'.split(' '),
  ])
  assert.equal(ran.status, 0, ran.errors)
  const told = JSON.parse(ran.output)
  assert.equal(told.output, join(home.adapters, 'ROBIN_lantern.gguf'))
  assert.ok(existsSync(told.output))
  assert.deepEqual([told.rank, told.alpha, told.documents, told.steps], [4, 32, 4, 1])
  assert.equal(told.log.length, 1)
  // the comparison was made
  assert.ok(told.gradientDifference > 0 && told.gradientDifference < gradientLimits.cpu)
  assert.match(told.sha256, /^[0-9a-f]{64}$/)
})

test('says on what it trains, how fast and how long; stops at ctrl-C with a checkpoint, and says how to go on', async () => {
  const main = fileURLToPath(siblingModule(import.meta.url, '../../src/console/main'))
  const args = [
    'forge',
    'train',
    data,
    '--epochs',
    '100',
    '--batch',
    '1',
    '--out',
    join(home.dir, 'long.gguf'),
  ]
  const child = spawn(process.execPath, [main, ...args, '--rank', '64', '--length', '256'], {
    env: { ...process.env, BATOS_HOME: home.dir },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
    if (/loss/.test(text)) child.kill('SIGINT')
  })
  const [status] = await once(child, 'close')
  assert.equal(status, 130)
  const ggml = openGgml({ gpu: true })
  const name = ggml.deviceName('cpu')! + (openBlas() ? ' with (OpenBLAS|Accelerate)' : '')
  const device = ggml.deviceName('gpu') === undefined ? name : '.+'
  assert.match(
    errors,
    new RegExp(`^batos: forge train: on ${device}; it needs [\\d,]+ MB of memory\n.* loss `, 'm'),
  )
  assert.match(errors, /loss \d+\.\d{3}, [\d,]+ tokens\/s, .*\d.* left, step \d+ of \d+ \(\d+ %\)/)
  assert.match(errors, /E_TRAINER_CANCELLED: the training was cancelled after step \d+\n.*--resume/)
  assert.ok(existsSync(join(home.dir, 'long.gguf.checkpoint')))
  assert.equal(existsSync(join(home.dir, 'long.gguf')), false)
})

test('refuses what is typed wrong before anything is trained', async () => {
  const refused = async (...args: string[]) => (await batos(home, ['forge', 'train', data, ...args])).errors
  assert.match(
    await refused(),
    /E_TRAINER_SETTINGS: .* whose adapter is lantern to be\? Give --persona \(BRICK, /,
  )
  assert.match(await refused('--rank', 'big'), /E_USAGE: --rank big/)
  assert.match(
    await refused('--persona', 'BABS', '--targets', 'q,x'),
    /E_TRAINER_SETTINGS: training settings: targets\.1/,
  )
  if (openGgml({ gpu: true }).deviceName('gpu') === undefined)
    assert.match(await refused('--persona', 'BABS', '--device', 'gpu'), /device: there is no GPU here/)
})
