// A training small enough for a test: a corpus of short methods in a temporary folder, its vocabulary, and settings
// of a model of some ten thousand parameters.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { trainBpe } from '../../src/forge/bpe-trainer.ts'
import { plainText, type TrainingDocument } from '../../src/forge/documents.ts'
import type { TrainingRequest } from '../../src/forge/training-settings.ts'

const slots = ['count', 'total', 'level', 'size', 'score', 'rank', 'price', 'weight']

export const tinyDocuments: readonly TrainingDocument[] = Array.from({ length: 64 }, (_, i) => {
  const slot = slots[i % slots.length]!
  return {
    messages: [
      { role: 'system', content: 'Method.' },
      { role: 'user', content: `object\nself.${slot}=${i % 10}\nincrement_by: ${i % 7}` },
      {
        role: 'assistant',
        content: `function increment_by_(self, a) {\n  self.${slot} = self.${slot} + a;\n  return self.${slot};\n}`,
      },
    ],
    given: 36,
    task: 'method',
  }
})

export const tinyVocabulary = trainBpe(tinyDocuments.map(plainText), {
  size: 320,
  keywords: new Set(['return', 'self']),
})

export interface TinyTraining {
  readonly folder: string
  readonly settings: TrainingRequest
  readonly remove: () => void
}

/** A folder with a corpus and settings of a training of `steps` steps; `changes` to the settings. */
export function tinyTraining(steps: number, changes: Partial<TrainingRequest> = {}): TinyTraining {
  const folder = mkdtempSync(join(tmpdir(), 'batos-train-'))
  const file = (name: string) => join(folder, name)
  writeFileSync(
    file('corpus.jsonl'),
    tinyDocuments.map((document) => `${JSON.stringify(document)}\n`).join(''),
  )
  writeFileSync(file('tokenizer.json'), JSON.stringify(tinyVocabulary))
  const settings: TrainingRequest = {
    corpus: file('corpus.jsonl'),
    validation: { train: file('corpus.jsonl') },
    tokenizer: file('tokenizer.json'),
    model: { width: 32, layers: 2, heads: 2, kvHeads: 1, feedForward: 64 },
    length: 192,
    rows: 1,
    replicas: 2,
    warmUpSteps: 2,
    rate: 0.01,
    until: { steps },
    checkpoint: file('checkpoint.gguf'),
    output: file('model.gguf'),
    reportSeconds: 0,
    ...changes,
  }
  return { folder, settings, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
