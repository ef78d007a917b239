import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { packageRoot } from '../../src/base/package-root.ts'
import { type Brief, makeDrafting, TEMPLATE_NAMES } from '../../src/cognition/drafting.ts'
import { auditMethod, reportLines } from '../../src/guardian/audit.ts'
import { startEngine } from '../../src/mind/engine.ts'
import { readTemplates } from '../../src/mind/template-files.ts'

const engine = startEngine({ modelPath: join(packageRoot, 'models', 'seed.gguf'), gpu: false })
const drafting = makeDrafting({ templates: readTemplates(TEMPLATE_NAMES), profile: 'compact' })

/** Drafts as a mind might write them that forgets the flag. */
const forgetful: readonly { brief: Brief; source: string }[] = [
  {
    brief: {
      receiver: 'genesis',
      slots: [{ name: 'count', value: 3 }],
      selector: 'increment_by_',
      args: [2],
      expected: 5,
    },
    source: 'function increment_by_(self, a) {\n  self.count = self.count + a;\n  return self.count;\n}',
  },
  {
    brief: { receiver: 'lamp', slots: [{ name: 'lit', value: false }], selector: 'toggle', args: [] },
    source: 'function toggle(self) {\n  self.lit = !self.lit;\n  return self.lit;\n}',
  },
  {
    brief: { receiver: 'cart', slots: [{ name: 'items', value: [1, 2] }], selector: 'push_', args: [4] },
    source: 'function push_(self, a) {\n  self.items.push(a);\n  return self.items;\n}',
  },
  {
    brief: { receiver: 'shop', slots: [{ name: 'stock', value: 9 }], selector: 'reset', args: [] },
    source: 'function reset(self) {\n  self.stock = 0;\n  return self.stock;\n}',
  },
]

describe('a draft that the guardian refused', { timeout: 600_000 }, () => {
  after(() => engine.stop())

  it('is repaired by the mind that is given the report', async () => {
    let repaired = 0
    for (const { brief, source } of forgetful) {
      const shape = { name: brief.selector, arity: brief.args.length }
      const verdict = auditMethod(source, shape)
      assert.equal(verdict.violations[0]?.code, 'covenant')
      const ask = drafting.repair(brief, { source, report: reportLines(verdict), attempt: 1 })
      const { text } = await engine.infer(ask.request)
      const mended = ask.parse(text)
      if (auditMethod(mended, shape).ok && mended.includes('_p_changed = true')) repaired++
    }
    assert.ok(repaired >= 3, `${repaired} of ${forgetful.length} were repaired`)
  })
})
