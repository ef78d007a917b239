import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { examine } from '../../kernel/examination.ts'
import { makeJudge } from '../../kernel/judge.ts'
import { seedPath } from '../../kernel/models.ts'
import { readSuite } from '../../kernel/regression-suite.ts'
import { makeDrafting, TEMPLATE_NAMES } from '../../src/cognition/drafting.ts'
import type { Example } from '../../src/forge/examples.ts'
import { startEngine } from '../../src/mind/engine.ts'
import { sha256OfFile } from '../../src/mind/file-digest.ts'
import { readTemplates } from '../../src/mind/template-files.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { writeMadeAdapter } from '../forge/made-adapters.ts'

const folder = mkdtempSync(join(tmpdir(), 'batos-examination-'))
const drafting = makeDrafting({ templates: readTemplates(TEMPLATE_NAMES), profile: 'compact' })
const brick = await readSuite('BRICK', drafting)
const robin = await readSuite('ROBIN', drafting)
const never = new AbortController().signal

async function adapterOf(name: string, strength: number) {
  const path = join(folder, `${name}.gguf`)
  writeMadeAdapter(path, seedPath, strength)
  return { path, sha256: await sha256OfFile(path), scale: 1 }
}

const start = () => startEngine({ modelPath: seedPath, gpu: false, threads: 1 })
const voices = robin.examples.slice(0, 6)
const methods = brick.examples.slice(0, 2)
const setting = { start, heldOut: voices, regression: methods, signal: never }

describe('the regression suite', () => {
  it('asks BRICK 100 questions and ROBIN 40, and all of them of a persona it does not know', async () => {
    assert.equal(brick.examples.length, 100)
    assert.equal(robin.examples.length, 40)
    assert.equal((await readSuite('ALFRED', drafting)).examples.length, 140)
    assert.equal(new Set([...brick.examples, ...robin.examples].map(({ id }) => id)).size, 140)
    assert.match(brick.digest, /^[0-9a-f]{64}$/)
  })
})

describe('the judge', () => {
  const example = (selector: string, witnesses: object[], prefill: string): Example => ({
    id: selector,
    request: { messages: [], prefill, maxTokens: 1, temperature: 0, seed: 0 },
    check: { kind: 'method', selector, witnesses: witnesses as never },
  })
  const double = example('double_', [{ slots: {}, args: [4], expected: 8 }], 'function double_(self, a) {\n')
  const raise = example(
    'raise',
    [{ slots: { count: 1 }, args: [], after: { count: 2 } }],
    'function raise(self) {\n',
  )
  it('takes a method by what it answers and what it leaves', async () => {
    const sandbox = await startSandbox({})
    try {
      const judge = makeJudge(sandbox)
      const flagged = '  self._p_changed = true;\n'
      for (const [of, text, right] of [
        [double, '  return a * 2;\n}', true],
        [double, '  return a + a;\n}\n', true],
        [double, '  return a * 3;\n}', false],
        [double, '  return a *', false],
        [double, '  return process.exit();\n}', false],
        [double, '  while (true) {}\n}', false],
        [raise, `  self.count = self.count + 1;\n${flagged}  return self.count;\n}`, true],
        [raise, `  self.count = self.count + 2;\n${flagged}  return self.count;\n}`, false],
        [raise, '  self.count = self.count + 1;\n  return self.count;\n}', false],
      ] as const)
        assert.equal(await judge(of, text), right, text)
    } finally {
      await sandbox.stop()
    }
  })
})

describe('an examination', () => {
  it('finds an adapter that changes nothing not better, and one that disturbs worse', async () => {
    const still = await examine({ ...setting, candidate: await adapterOf('still', 0) })
    assert.ok('heldOut' in still)
    assert.equal(still.reason, 'not-better')
    assert.deepEqual([still.heldOut.gained, still.heldOut.lost, still.heldOut.p], [0, 0, 1])
    assert.deepEqual([still.regression.gained, still.regression.lost], [0, 0])
    assert.ok(still.heldOut.serving > 0 && still.regression.serving > 0)

    let last = { done: 0, total: 0 }
    const onProgress = ({ done, total = 0 }: { done: number; total?: number }) => {
      assert.ok(done > last.done)
      last = { done, total }
    }
    const loud = await examine({ ...setting, onProgress, candidate: await adapterOf('loud', 40) })
    assert.ok('heldOut' in loud)
    assert.equal(loud.passed, false)
    assert.equal(loud.heldOut.serving, still.heldOut.serving)
    assert.ok(loud.heldOut.candidate < loud.heldOut.serving)
    assert.deepEqual(last, { done: 16, total: 16 })
  })

  it('keeps out a file that is no adapter', async () => {
    const path = join(folder, 'no-adapter.gguf')
    writeFileSync(path, 'GGUF and nothing more')
    const candidate = { path, sha256: await sha256OfFile(path), scale: 1 }
    const verdict = await examine({ ...setting, candidate })
    assert.equal(verdict.passed, false)
    assert.equal(verdict.reason, 'invalid')
  })

  it('keeps out an adapter under which the inference process ends', async () => {
    const engine = start()
    const verdict = await examine({
      ...setting,
      start: () => engine,
      candidate: await adapterOf('deadly', 1),
      onProgress: ({ done }) => {
        if (done === 2) process.kill(engine.status().pid!, 'SIGKILL')
      },
    })
    assert.equal(verdict.passed, false)
    assert.equal(verdict.reason, 'died')
  })

  it('refuses a held-out set that can show nothing, and a model that does not come up', async () => {
    const candidate = await adapterOf('still', 0)
    await assert.rejects(examine({ ...setting, candidate, heldOut: voices.slice(0, 4) }), {
      code: 'E_HELD_OUT',
    })
    const nowhere = () => startEngine({ modelPath: join(folder, 'no-adapter.gguf') })
    await assert.rejects(examine({ ...setting, candidate, start: nowhere }), { code: 'E_EXAMINER' })
  })
})
