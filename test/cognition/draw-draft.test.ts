import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { packageRoot } from '../../src/base/package-root.ts'
import { type Brief, makeDrafting, TEMPLATE_NAMES } from '../../src/cognition/drafting.ts'
import { codeOf, drawDraft } from '../../src/cognition/draw-draft.ts'
import { startEngine } from '../../src/mind/engine.ts'
import { readTemplates } from '../../src/mind/template-files.ts'

const engine = startEngine({ modelPath: join(packageRoot, 'models', 'seed.gguf'), gpu: false })
after(() => engine.stop())

test('draws until the code is new, whatever its comments say', async () => {
  const drafting = makeDrafting({ templates: readTemplates(TEMPLATE_NAMES), profile: 'compact' })
  const brief: Brief = { receiver: 'genesis', slots: [], selector: 'frobnicate_', args: [7], expected: 9 }
  const report = ['answer 8 not 9']
  const drafts: { source: string; refusal: { by: 'trial'; report: string[] } }[] = []
  for (let attempt = 0; attempt < 4; attempt++) {
    const given = { brief, answers: [], refused: drafts }
    const { source } = await drawDraft(drafting, given, (request) => engine.infer(request))
    drafts.push({ source: source.replace('\n', '\n  // said otherwise\n'), refusal: { by: 'trial', report } })
  }
  assert.equal(new Set(drafts.map(({ source }) => codeOf(source))).size, 4)
  assert.equal(codeOf('f(self) {\n  // a // b\n  return 1; // one\n}'), 'f(self) {\n  return 1; // one\n}')
})
