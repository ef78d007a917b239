// Every file here but the sound ones would crash llama.cpp, or be taken and make it speak nonsense.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { BatError } from '../../src/base/errors.ts'
import { sha256OfFile } from '../../src/mind/file-digest.ts'
import type { GgufTensor, GgufValue } from '../../src/mind/gguf.ts'
import { encodeFloats, tensorType } from '../../src/mind/tensor-types.ts'
import { validateAdapter, validateModel } from '../../src/mind/validate-model.ts'
import { type TinyModel, tinyAdapter, tinyModel, writeModel } from './tiny-model.ts'

const folder = mkdtempSync(join(tmpdir(), 'batos-models-'))
after(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'file.gguf')
const base = join(folder, 'base.gguf')
writeModel(base, tinyModel())

const u32 = (value: number): GgufValue => ({ type: 'u32', value })
const f32 = (value: number): GgufValue => ({ type: 'f32', value })
const str = (value: string): GgufValue => ({ type: 'str', value })

const without =
  (key: string) =>
  ({ metadata }: TinyModel) =>
    metadata.delete(key)
const withKey =
  (key: string, value: GgufValue) =>
  ({ metadata }: TinyModel) =>
    metadata.set(key, value)

const zeros = (name: string, shape: readonly number[], type: 'F32' | 'F16' | 'Q8_0' = 'F16'): GgufTensor => {
  const data = encodeFloats(type, new Float32Array(shape.reduce((all, size) => all * size, 1)))
  return { name, shape, type: tensorType(type), data }
}
/** A tensor of BF16 that holds these 16 bits in one place, and zeros. */
const halves = (name: string, shape: readonly [number, number], bits: number): GgufTensor => {
  const data = new Uint8Array(2 * shape[0] * shape[1])
  new DataView(data.buffer).setUint16(10, bits, true)
  return { name, shape, type: tensorType('BF16'), data }
}
const withTensor = (tensor: GgufTensor) => (model: TinyModel) => model.tensors.set(tensor.name, tensor)
const withoutTensor = (name: string) => (model: TinyModel) => model.tensors.delete(name)
const withNumber = (name: string, value: number, type: 'F32' | 'F16' | 'Q8_0') => (model: TinyModel) => {
  const { shape } = model.tensors.get(name)!
  const floats = new Float32Array(shape.reduce((all, size) => all * size, 1)).fill(1)
  floats[5] = value
  model.tensors.set(name, { name, shape, type: tensorType(type), data: encodeFloats(type, floats) })
}

function tokensOf({ metadata }: TinyModel): string[] {
  return [...(metadata.get('tokenizer.ggml.tokens')!.value as string[])]
}
const withTokens = (change: (tokens: string[]) => void) => (model: TinyModel) => {
  const tokens = tokensOf(model)
  change(tokens)
  model.metadata.set('tokenizer.ggml.tokens', { type: 'array', of: 'str', value: tokens })
}

type Break = readonly [title: string, change: (model: TinyModel) => unknown, problem: RegExp]

const brokenModels: readonly Break[] = [
  ['no architecture', without('general.architecture'), /general\.architecture is missing/],
  ['another architecture', withKey('general.architecture', str('qwen2')), /architecture is "qwen2"/],
  ['an adapter as model', withKey('general.type', str('adapter')), /general\.type is "adapter"/],
  ['a type that is no text', withKey('general.type', u32(1)), /general\.type has type u32/],
  ['part of a split model', withKey('split.count', { type: 'u16', value: 2 }), /split\.count is 2/],
  ['experts', withKey('llama.expert_count', u32(8)), /expert_count is 8/],
  ['experts in use', withKey('llama.expert_used_count', u32(2)), /expert_used_count is 2/],
  ['groups of experts', withKey('llama.expert_group_count', u32(2)), /expert_group_count is 2/],
  ['groups in use', withKey('llama.expert_group_used_count', u32(1)), /expert_group_used_count is 1/],
  ['layers that predict ahead', withKey('llama.nextn_predict_layers', u32(3)), /predict_layers is 3/],
  [
    'attention to what comes later',
    withKey('llama.attention.causal', { type: 'bool', value: false }),
    /attention\.causal is false/,
  ],
  ['no head count', without('llama.attention.head_count'), /head_count is missing/],
  ['no heads', withKey('llama.attention.head_count', u32(0)), /head_count is 0/],
  [
    'a list of head counts',
    withKey('llama.attention.head_count', { type: 'array', of: 'u32', value: [4, 4] }),
    /head_count has type array instead of u32/,
  ],
  ['heads that do not divide', withKey('llama.attention.head_count_kv', u32(3)), /4 heads cannot share 3/],
  [
    'no count of key heads where they are fewer',
    without('llama.attention.head_count_kv'),
    /attn_k\.weight has sizes 64 × 32 instead of 64 × 64/,
  ],
  ['no key heads', withKey('llama.attention.head_count_kv', u32(0)), /head_count_kv is 0/],
  ['heads of odd size', withKey('llama.attention.head_count', u32(64)), /heads of even size/],
  ['no feed-forward length', without('llama.feed_forward_length'), /feed_forward_length is missing/],
  ['a feed-forward length of 0', withKey('llama.feed_forward_length', u32(0)), /feed_forward_length is 0/],
  ['no layers', withKey('llama.block_count', u32(0)), /block_count is 0 instead of 1 to 512/],
  ['more than 512 layers', withKey('llama.block_count', u32(513)), /block_count is 513 instead of 1 to 512/],
  ['no context', withKey('llama.context_length', u32(0)), /context_length is 0/],
  ['a context as float', withKey('llama.context_length', f32(512)), /context_length has type f32/],
  ['no epsilon', without('llama.attention.layer_norm_rms_epsilon'), /rms_epsilon is missing/],
  [
    'an epsilon that is no number',
    withKey('llama.attention.layer_norm_rms_epsilon', f32(Number.NaN)),
    /rms_epsilon cannot be NaN/,
  ],
  [
    'an infinite base for RoPE',
    withKey('llama.rope.freq_base', f32(Number.POSITIVE_INFINITY)),
    /freq_base cannot be Inf/,
  ],
  ['no base for RoPE', without('llama.rope.freq_base'), /freq_base is missing/],
  ['an unknown scaling of RoPE', withKey('llama.rope.scaling.type', str('ntk')), /scaling\.type is "ntk"/],
  [
    'a scaling of RoPE whose factors it lacks',
    withKey('llama.rope.scaling.type', str('longrope')),
    /scaling\.type is "longrope"/,
  ],
  [
    'a scaling of RoPE that is no number',
    withKey('llama.rope.scaling.factor', f32(Number.NaN)),
    /scaling\.factor cannot be NaN/,
  ],
  [
    'an infinite scaling of RoPE',
    withKey('llama.rope.scaling.factor', f32(Number.POSITIVE_INFINITY)),
    /scaling\.factor cannot be Inf/,
  ],
  [
    'a scaling of RoPE below zero',
    withKey('llama.rope.scaling.factor', f32(-8)),
    /scaling\.factor cannot be -8/,
  ],
  [
    'a scaling of RoPE that is no number, by its old name',
    withKey('llama.rope.scale_linear', f32(Number.NaN)),
    /scale_linear cannot be NaN/,
  ],
  [
    'attention scaled to nothing',
    withKey('llama.rope.scaling.attn_factor', f32(0)),
    /attn_factor cannot be 0/,
  ],
  ['another RoPE dimension', withKey('llama.rope.dimension_count', u32(8)), /dimension_count is 8/],
  ['another vocabulary size', withKey('llama.vocab_size', u32(7)), /vocab_size is 7/],
  ['an odd alignment', withKey('general.alignment', u32(24)), /alignment/],
  ['an alignment as text', withKey('general.alignment', str('32')), /alignment/],
  ['another tokenizer', withKey('tokenizer.ggml.model', str('llama')), /tokenizer\.ggml\.model/],
  ['another pre-tokenizer', withKey('tokenizer.ggml.pre', str('qwen2')), /tokenizer\.ggml\.pre is "qwen2"/],
  ['no pre-tokenizer', without('tokenizer.ggml.pre'), /tokenizer\.ggml\.pre is undefined/],
  ['a tokenizer that is no text', withKey('tokenizer.ggml.model', u32(1)), /tokenizer\.ggml\.model is not/],
  ['no tokens', without('tokenizer.ggml.tokens'), /tokens is not a list/],
  ['no merges', without('tokenizer.ggml.merges'), /merges is not a list/],
  ['a token twice', withTokens((tokens) => tokens.splice(40, 1, tokens[41]!)), /occurs twice/],
  [
    'more rows than tokens',
    withTensor(zeros('token_embd.weight', [64, 400])),
    /has sizes 64 × 400 instead of/,
  ],
  ['an empty token', withTokens((tokens) => tokens.splice(260, 1, '')), /token 260 is empty/],
  ['no token for a byte', withTokens((tokens) => tokens.splice(65, 1, 'xyz')), /no token for the byte 65/],
  [
    'no end of turn',
    withTokens((tokens) => tokens.splice(tokens.indexOf('<|eot_id|>'), 1, '<|other|>')),
    /no token <\|eot_id\|>/,
  ],
  ['no token types', without('tokenizer.ggml.token_type'), /not marked as a control token/],
  [
    'token types of the wrong size',
    withKey('tokenizer.ggml.token_type', { type: 'array', of: 'i8', value: [1, 1] }),
    /token_type is not a list of i32/,
  ],
  [
    'too few token types',
    withKey('tokenizer.ggml.token_type', { type: 'array', of: 'i32', value: [1, 1] }),
    /token_type has 2 entries/,
  ],
  [
    'a special token beyond the last',
    withKey('tokenizer.ggml.bos_token_id', u32(9999)),
    /bos_token_id is 9999/,
  ],
  ['no beginning token', without('tokenizer.ggml.bos_token_id'), /bos_token_id is missing/],
  [
    'an end token that is no number',
    withKey('tokenizer.ggml.eos_token_id', str('<|eot_id|>')),
    /eos_token_id has type str/,
  ],
  ['no end token', without('tokenizer.ggml.eos_token_id'), /eos_token_id is missing/],
  [
    'a tensor twice',
    ({ tensors }) => tensors.set('again', tensors.get('blk.0.attn_q.weight')!),
    /blk\.0\.attn_q\.weight occurs twice/,
  ],
  ['a missing tensor', withoutTensor('blk.1.attn_k.weight'), /blk\.1\.attn_k\.weight is missing/],
  [
    'a tensor of three dimensions',
    withTensor(zeros('blk.0.attn_q.weight', [64, 64, 1])),
    /has sizes 64 × 64 × 1/,
  ],
  ['an extra layer', withTensor(zeros('blk.2.attn_q.weight', [64, 64])), /blk\.2.* does not belong/],
  [
    'a tensor of another shape',
    withTensor(zeros('blk.0.attn_q.weight', [64, 32])),
    /blk\.0\.attn_q\.weight has sizes 64 × 32 instead of 64 × 64/,
  ],
  [
    'a norm in half precision',
    withTensor(zeros('output_norm.weight', [64])),
    /output_norm\.weight has type F16 instead of F32/,
  ],
  [
    'a matrix of integers',
    withTensor({ ...zeros('blk.0.attn_q.weight', [64, 64], 'F32'), type: tensorType('I32') }),
    /type I32/,
  ],
  ...(['F32', 'F16', 'Q8_0'] as const).map(
    (type): Break => [
      `a weight that is no number, as ${type}`,
      withNumber('blk.0.ffn_up.weight', type === 'Q8_0' ? Number.POSITIVE_INFINITY : Number.NaN, type),
      /blk\.0\.ffn_up\.weight holds a number that is not finite/,
    ],
  ),
  [
    'a weight that is no number, as BF16',
    withTensor(halves('blk.0.ffn_up.weight', [64, 96], 0x7fc0)),
    /blk\.0\.ffn_up\.weight holds a number that is not finite/,
  ],
]

const brokenAdapters: readonly Break[] = [
  ['a model as adapter', withKey('general.type', str('model')), /general\.type is "model"/],
  ['a type that is no text', withKey('general.type', u32(3)), /general\.type has type u32/],
  ['another architecture', withKey('general.architecture', str('gemma')), /architecture is "gemma"/],
  ['another kind', withKey('adapter.type', str('control_vector')), /adapter\.type is/],
  ['no alpha', without('adapter.lora.alpha'), /alpha is missing/],
  ['an alpha that is whole', withKey('adapter.lora.alpha', u32(8)), /alpha has type u32 instead of f32/],
  ['an alpha of 0', withKey('adapter.lora.alpha', f32(0)), /alpha cannot be 0/],
  ['an alpha that is no number', withKey('adapter.lora.alpha', f32(Number.NaN)), /alpha cannot be NaN/],
  ['no tensors', ({ tensors }) => tensors.clear(), /has no tensors/],
  [
    'an infinite alpha',
    withKey('adapter.lora.alpha', f32(Number.POSITIVE_INFINITY)),
    /alpha cannot be Infinity/,
  ],
  ['an alpha as text', withKey('adapter.lora.alpha', str('8')), /alpha has type str instead of f32/],
  ['no type', without('general.type'), /general\.type is missing/],
  [
    'a tensor twice',
    ({ tensors }) => tensors.set('again', tensors.get('blk.0.attn_q.weight.lora_a')!),
    /lora_a occurs twice/,
  ],
  [
    'a change of the embedding',
    withTensor(zeros('token_embd.weight.lora_a', [4, 64])),
    /is not half of a pair/,
  ],
  ['a change of the head', withTensor(zeros('output.weight.lora_a', [64, 4])), /is not half of a pair/],
  [
    'a type that llama.cpp does not multiply by',
    withTensor({ ...zeros('blk.0.attn_q.weight.lora_a', [64, 4], 'F32'), type: tensorType('I32') }),
    /type I32 instead of F32, F16, BF16, Q8_0/,
  ],
  ['half a pair', withoutTensor('blk.0.attn_q.weight.lora_b'), /lora_a has no partner/],
  ['another ending', withTensor(zeros('blk.0.attn_q.weight.lora_c', [64, 4])), /is not half of a pair/],
  ['a norm', withTensor(zeros('blk.0.attn_norm.weight.lora_a', [64, 4])), /is not half of a pair/],
  [
    'a layer that the model lacks',
    ({ tensors }) => {
      for (const half of ['a', 'b'])
        tensors.set(`x${half}`, zeros(`blk.9.attn_q.weight.lora_${half}`, half === 'a' ? [64, 4] : [4, 64]))
    },
    /the model has no tensor blk\.9/,
  ],
  ['another rank', withTensor(zeros('blk.0.attn_q.weight.lora_b', [8, 64])), /has sizes 8 × 64/],
  ['another width', withTensor(zeros('blk.0.attn_q.weight.lora_a', [32, 4])), /has sizes 32 × 4/],
  ['three dimensions', withTensor(zeros('blk.0.attn_q.weight.lora_a', [64, 4, 1])), /has sizes 64 × 4 × 1/],
  [
    'a number that is not finite',
    withNumber('blk.1.attn_v.weight.lora_a', Number.NaN, 'F16'),
    /blk\.1\.attn_v\.weight\.lora_a holds a number/,
  ],
]

function refuses(code: string, problem: RegExp, act: () => unknown): void {
  assert.throws(act, (thrown) => {
    assert.ok(thrown instanceof BatError)
    assert.equal(thrown.code, code)
    assert.match(String(thrown.details.problem), problem)
    assert.equal(thrown.details.file, file)
    return true
  })
}

test('accepts a sound model and tells what is in it', () => {
  const facts = validateModel(base)
  assert.equal(facts.layers, 2)
  assert.equal(facts.embedding, 64)
  assert.equal(facts.contextLength, 2048)
  assert.equal(facts.vocabulary, tokensOf(tinyModel()).length)
})

test('accepts what says of itself that it is dense, causal and scaled as is known', () => {
  for (const type of ['none', 'linear', 'yarn']) {
    const model = tinyModel()
    for (const part of ['expert_count', 'expert_used_count', 'expert_group_count', 'nextn_predict_layers'])
      withKey(`llama.${part}`, u32(0))(model)
    withKey('llama.attention.causal', { type: 'bool', value: true })(model)
    withKey('llama.rope.scaling.type', str(type))(model)
    withKey('llama.rope.scaling.factor', f32(type === 'none' ? 0 : 8))(model)
    withKey('llama.rope.scaling.attn_factor', f32(1))(model)
    writeModel(file, model)
    assert.equal(validateModel(file).layers, 2)
  }
})

test('accepts a sound adapter for its model', () => {
  writeModel(file, tinyAdapter())
  const { rank, alpha } = validateAdapter(file, validateModel(base).header)
  assert.deepEqual([rank, alpha], [4, 8])
})

for (const [title, change, problem] of brokenModels)
  test(`refuses a model with ${title}`, () => {
    const model = tinyModel()
    change(model)
    writeModel(file, model)
    refuses('E_MODEL_INVALID', problem, () => validateModel(file))
  })

for (const [title, change, problem] of brokenAdapters)
  test(`refuses an adapter with ${title}`, () => {
    const adapter = tinyAdapter()
    change(adapter)
    writeModel(file, adapter)
    refuses('E_ADAPTER_INVALID', problem, () => validateAdapter(file, validateModel(base).header))
  })

const bytes = readFileSync(base)
const brokenBytes: readonly (readonly [string, () => Uint8Array, RegExp])[] = [
  ['nothing in it', () => new Uint8Array(0), /cut off/],
  ['20 bytes of it', () => bytes.subarray(0, 20), /cut off/],
  ['another beginning', () => Buffer.concat([Buffer.from('GGML'), bytes.subarray(4)]), /begin with GGUF/],
  ['version 1', () => patched(4, 1), /version 1/],
  ['version 99', () => patched(4, 99), /version 99/],
  ['a header that is cut off', () => bytes.subarray(0, 2000), /cut off/],
  ['its last byte missing', () => bytes.subarray(0, bytes.length - 20), /beyond the end of the file/],
  ['a huge number of tensors', () => patched(12, 0x7fffffff), /implausible|too large/],
]

function patched(offset: number, value: number): Uint8Array {
  const copy = Buffer.from(bytes)
  copy.writeUInt32LE(value, offset)
  return copy
}

for (const [title, make, problem] of brokenBytes)
  test(`refuses a file with ${title}`, () => {
    writeFileSync(file, make())
    refuses('E_MODEL_INVALID', problem, () => validateModel(file))
  })

test('refuses every file that is cut short somewhere', () => {
  for (let length = 0; length < bytes.length; length += 1999) {
    writeFileSync(file, bytes)
    truncateSync(file, length)
    refuses('E_MODEL_INVALID', /./, () => validateModel(file))
  }
})

test('refuses a folder and a file that is not there', () => {
  assert.throws(() => validateModel(folder), /not a file/)
  assert.throws(() => validateModel(join(folder, 'nowhere.gguf')), /E_MODEL_INVALID|no such file/)
})

test('tells the digest of a file', async () => {
  writeFileSync(file, 'abc')
  assert.equal(await sha256OfFile(file), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})
