import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Invocation,
  type Sandbox,
  type SandboxOptions,
  startSandbox,
} from '../../src/sandbox/sandbox.ts'
import { answered, call, object, runBody } from './builders.ts'

async function withSandbox(options: SandboxOptions, use: (sandbox: Sandbox) => Promise<void>): Promise<void> {
  const sandbox = await startSandbox(options)
  try {
    await use(sandbox)
  } finally {
    await sandbox.stop()
  }
}

const codeOf = (result: Invocation): string => (result.kind === 'failed' ? result.code : result.kind)

// Ends no method by itself: `indexOf` looks for what is not there, in text too long to get through, and never asks for
// the time.
const deaf = `const s = 'a'.repeat(4e6); const t = 'a'.repeat(2e6) + 'b'; return s.indexOf(t);`

test('ends a thread that no longer looks at the clock, and answers the calls behind it', async () => {
  await withSandbox({ limits: { cpuMs: 50, memoryMb: 64 } }, async (sandbox) => {
    const calls = [runBody(sandbox, 'return 1'), runBody(sandbox, deaf), runBody(sandbox, 'return 3')]
    const [first, killed, third] = await Promise.all(calls)
    assert.equal(answered(first!), 1)
    assert.equal(codeOf(killed!), 'limits')
    assert.match(killed?.kind === 'failed' ? killed.message : '', /its worker was ended/)
    assert.equal(answered(third!), 3)
    assert.equal(codeOf(await runBody(sandbox, deaf)), 'limits')
    assert.equal(answered(await runBody(sandbox, 'return 4')), 4)
  })
})

test('bounds the time between awaits, not the time of many awaits', async () => {
  await withSandbox({ limits: { cpuMs: 800 } }, async (sandbox) => {
    const work = 'for (let i = 0; i < 2e5; i++);'
    const result = await runBody(
      sandbox,
      `for (let n = 0; n < 120; n++) { ${work} await null; } return 'done'`,
    )
    assert.equal(answered(result), 'done')
    const result2 = await runBody(sandbox, 'for (;;) await null', {}, { limits: { wallMs: 100 } })
    assert.match(result2.kind === 'failed' ? result2.message : '', /did not end within 100 ms/)
  })
})

test('gives a call the memory it asks for, and no more', async () => {
  await withSandbox({}, async (sandbox) => {
    const take = (mb: number) => `return new ArrayBuffer(${mb} * 2 ** 20).byteLength / 2 ** 20`
    const under = (memoryMb: number) => ({ limits: { memoryMb } })
    assert.equal(codeOf(await runBody(sandbox, take(40), {}, under(24))), 'limits')
    assert.equal(answered(await runBody(sandbox, take(40), {}, under(64))), 40)
    assert.equal(codeOf(await runBody(sandbox, take(80), {}, under(64))), 'limits')
    assert.equal(answered(await runBody(sandbox, take(80), {}, under(128))), 80)
    assert.equal(answered(await runBody(sandbox, take(1), {}, under(24))), 1)
  })
})

test('runs as many calls at a time as it has threads, and every one of a long queue', async () => {
  await withSandbox({ workers: 2 }, async (sandbox) => {
    const calls = Array.from({ length: 100 }, (_, i) => runBody(sandbox, `await null; return ${i}`))
    const answers = (await Promise.all(calls)).map(answered)
    assert.deepEqual(
      answers,
      Array.from({ length: 100 }, (_, i) => i),
    )
  })
})

test('lets go of what waits and what runs when it is stopped', async () => {
  const sandbox = await startSandbox({})
  const running = runBody(sandbox, deaf)
  const waiting = runBody(sandbox, 'return 1')
  await sandbox.stop()
  assert.equal((await running).kind, 'lost')
  assert.equal((await waiting).kind, 'lost')
  assert.equal((await runBody(sandbox, 'return 1')).kind, 'lost')
  await sandbox.stop()
})

test('tells what a call cost', async () => {
  await withSandbox({}, async (sandbox) => {
    const world = [
      object(1, {
        'run()': 'async function run(self) { for (let i = 0; i < 9; i++) await self.one(); }',
        'one()': 'function one(self) { return 1; }',
      }),
    ]
    const result = await sandbox.invoke(call(world, 'run'))
    assert.equal(result.kind === 'answer' && result.sends, 10)
    assert.ok(result.kind === 'answer' && result.cpuMs > 0)
  })
})
