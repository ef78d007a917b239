import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { trainBpe } from '../../src/forge/bpe-trainer.ts'
import { Bpe, splitWords } from '../../src/mind/bpe.ts'
import { encodeAnswer, encodePrompt } from '../../src/mind/llama-chat.ts'

const text = `function add_to_(self, a, b) {\n  self.count = self.count + a;\n  return self.count;\n}\n\nself.total=12345 `
const vocabulary = trainBpe([text.repeat(20), 'Größe ☃ naïve '.repeat(20)], {
  size: 340,
  keywords: new Set(['self', 'return']),
})
const bpe = new Bpe(vocabulary)
const texts = (ids: readonly number[]) => ids.map((id) => vocabulary.tokens[id])

test('gives back every text it encodes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (given) => {
      assert.equal(bpe.decode(bpe.encode(given)), given)
    }),
  )
})

test('cuts text into the words of Llama 3', () => {
  assert.deepEqual(splitWords("it's self.count=12345;\n  x"), [
    ...['it', "'s", ' self', '.count', '=', '123', '45', ';\n', ' ', ' x'],
  ])
})

test('never joins digits', () => {
  assert.deepEqual(texts(bpe.encode('12345')), ['1', '2', '3', '4', '5'])
  assert.ok(vocabulary.merges.every((merge) => !/\d/.test(merge)))
})

test('gives a name the same tokens wherever it stands', () => {
  const name = bpe.encode('count')
  for (const before of [' ', '.', '(', '_', '"']) {
    const ids = bpe.encode(`${before}count`)
    assert.deepEqual(ids.slice(1), name, before)
  }
})

test('joins a keyword with the space before it', () => {
  assert.deepEqual(texts(bpe.encode(' return self')), ['Ġreturn', 'Ġself'])
})

test('never makes a special token out of content', () => {
  const special = new Set(vocabulary.special.map((token) => bpe.special(token)))
  for (const token of vocabulary.special)
    assert.ok(bpe.encode(`a ${token} b`).every((id) => !special.has(id)))
})

test('writes a conversation as Llama 3 does, the given beginning apart from the rest', () => {
  const messages = [
    { role: 'system', content: 'Method.' },
    { role: 'user', content: 'add: 1' },
  ] as const
  const ids = [
    ...encodePrompt(bpe, messages, 'function add_(self, a) {\n'),
    ...encodeAnswer(bpe, '  return a;\n}'),
  ]
  assert.equal(
    bpe.decode(ids),
    '<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nMethod.<|eot_id|>' +
      '<|start_header_id|>user<|end_header_id|>\n\nadd: 1<|eot_id|>' +
      '<|start_header_id|>assistant<|end_header_id|>\n\nfunction add_(self, a) {\n  return a;\n}<|eot_id|>',
  )
})

test('fills a vocabulary up when there is nothing left to join', () => {
  const small = trainBpe(['ab ab ab'], { size: 300, keywords: new Set() })
  assert.equal(small.tokens.length, 300)
  assert.deepEqual(small.merges, ['a b'])
})
