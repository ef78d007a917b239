// `npm run seed:score -- --json` as it is typed: the real seed mind, a few cases.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { siblingModule } from '../../src/base/sibling-module.ts'

const program = fileURLToPath(siblingModule(import.meta.url, '../../scripts/seed/score'))

test('tells every figure with its counts', async () => {
  const args = ['--rows', 'known,summary', '--n', '4', '--json']
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args])
  const { n, counts, ...figures } = JSON.parse(stdout.trim().split('\n').at(-1)!) as {
    readonly n: number
    readonly counts: Readonly<Record<string, readonly [number, number]>>
  } & Readonly<Record<string, number>>
  assert.equal(n, 4)
  for (const name of ['known', 'summary', 'plans_valid', 'plans_right'])
    assert.ok(name in figures, `${name} is not told`)
  assert.deepEqual(Object.keys(counts).sort(), Object.keys(figures).sort())
  for (const [name, figure] of Object.entries(figures)) {
    const [right, asked] = counts[name]!
    assert.ok(
      Number.isInteger(right) && right >= 0 && right <= asked && asked > 0,
      `${name}: ${right} of ${asked}`,
    )
    assert.equal(figure, right / asked, name)
  }
  assert.deepEqual([counts.known?.[1], counts.summary?.[1]], [4, 4])
})
