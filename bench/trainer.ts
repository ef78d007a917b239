// Tokens that training takes a CPU-second, one thread, by size of the model and type of the base; half of each document is
// prompt. Beside it what the matrix products alone would allow at the speed that the F32 product has here in the same run
// (that of the BLAS of the system where the trainer has one), and PyTorch's figure where python3 has it (Debian's
// python3-torch is that of /usr/bin/python3, which need not be the first)
// (trainer/torch_peer.py: the same shapes, batch, optimizer and one thread). CPU time is counted, so that other work on the
// machine disturbs little; ours and PyTorch's take turns.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { packageRoot } from '../src/base/package-root.ts'
import { adapterPlan, beginAdapter } from '../src/forge/adapter.ts'
import { frozenPlan } from '../src/forge/base-model.ts'
import { fillBatch } from '../src/forge/batches.ts'
import { deviceSaid, openBlas } from '../src/forge/blas.ts'
import { type Ggml, openGgml } from '../src/forge/ggml.ts'
import { graphRun } from '../src/forge/graph-run.ts'
import { Replica } from '../src/forge/llama-net.ts'
import { Optimizer } from '../src/forge/optimizer.ts'
import { randomFrom } from '../src/forge/random.ts'
import { F32, type LlamaShape, newTensor, Weights } from '../src/forge/weights.ts'
import { type TensorTypeName, tensorType } from '../src/mind/tensor-types.ts'
import { type BenchOptions, median, type Row, row } from './result.ts'
import { answered, fits, flopsPerToken, length, rank, rows, sizes } from './trainer/sizes.ts'

type Kind = 'full' | 'adapter'

const cases: readonly (readonly [Kind, TensorTypeName])[] = [
  ['full', 'F32'],
  ...(['F32', 'F16', 'BF16', 'Q8_0', 'Q4_0', 'Q4_K', 'Q6_K'] as const).map(
    (type) => ['adapter', type] as const,
  ),
]

export async function* run({ quick }: BenchOptions): AsyncIterable<Row> {
  const ggml = openGgml()
  console.error(`trained on ${deviceSaid(ggml, 'cpu', openBlas())}`)
  const python = ['python3', '/usr/bin/python3'].find(hasTorch)
  if (!python) console.error('python3 has no torch: no rows beside PyTorch')
  for (const [size, shape] of Object.entries(sizes)) {
    if (quick && size === '10 M') continue
    let torch = Number.NaN
    for (const [kind, type] of cases) {
      if (!fits(shape, tensorType(type))) continue
      const rounds: { ours: number; product: number; torch?: number }[] = []
      const step = await makeStep(ggml, shape, kind, type)
      for (let round = 0; round < 3; round++)
        rounds.push({
          product: await productSpeed(ggml),
          ours: await tokensPerCpuSecond(step, quick ? 2 : 8),
          ...(python && type === 'F32' && { torch: torchTokens(python, shape, kind, quick ? 2 : 8) }),
        })
      const of = (name: 'ours' | 'product' | 'torch') =>
        median(rounds.map((round) => round[name] ?? Number.NaN))
      const what = kind === 'full' ? `${size}, whole model` : `${size}, adapter on ${type}`
      const allowed = of('product') / flopsPerToken(shape, kind)
      yield row(
        `${what}: tokens a CPU-second, beside products alone`,
        of('ours'),
        allowed,
        'told',
        () => true,
      )
      // PyTorch has only F32 here; an adapter on another type stands beside that on F32
      if (type === 'F32') torch = of('torch')
      if (python)
        yield row(
          `${what}: tokens a CPU-second, beside PyTorch${type === 'F32' ? '' : ' on F32'}`,
          of('ours'),
          torch,
          'at least 0.8',
          ({ ratio }) => ratio >= 0.8,
        )
    }
  }
}

/** A step of training on random tokens. */
async function makeStep(ggml: Ggml, shape: LlamaShape, kind: Kind, type: TensorTypeName) {
  const backend = ggml.backend('cpu', 1)!
  const random = randomFrom(1)
  const blas = openBlas()
  const plan = [
    ...frozenPlan(shape, (name) => tensorType(/norm/.test(name) ? 'F32' : type), blas !== undefined),
    ...adapterPlan(shape, { targets: ['q', 'k', 'v', 'o'], rank }),
  ]
  const weights =
    kind === 'full' ? new Weights(ggml, backend, shape) : new Weights(ggml, backend, shape, plan)
  weights.randomise(random)
  if (kind === 'adapter') beginAdapter(weights, random)
  const answers = rows * length * answered
  const options = { length, rows, answers, blas, purpose: 'train' as const }
  const adapter = { scale: 2, dropout: 0.05 }
  const replica = new Replica(ggml, backend, weights, kind === 'full' ? options : { ...options, adapter })
  const optimizer = new Optimizer(ggml, [backend], weights, [replica.gradients], {
    ...{ kind: 'adamw', blas, weightDecay: 0, beta1: 0.9, beta2: 0.999, momentum: 0 },
  })
  const set = {
    count: rows,
    ids: Uint16Array.from({ length: rows * (length + 1) }, () => Math.floor(random() * shape.vocabulary)),
    starts: Uint32Array.from({ length: rows + 1 }, (_, i) => i * (length + 1)),
    prompts: new Uint32Array(rows).fill(1 + length * (1 - answered)),
    tooLong: 0,
  }
  const group = shape.heads / shape.kvHeads
  const documents = Array.from({ length: rows }, (_, i) => [i])
  let steps = 0
  return async () => {
    const batch = fillBatch(set, { length, rows, group, promptWeight: 0, padding: 0 }, documents)
    replica.feed(batch, { dropoutSeed: steps })
    await replica.compute()
    await optimizer.step(++steps, 1e-4)
  }
}

async function tokensPerCpuSecond(step: () => Promise<void>, steps: number): Promise<number> {
  await step()
  const begun = process.cpuUsage()
  for (let i = 0; i < steps; i++) await step()
  return (steps * length * rows) / cpuSeconds(begun)
}

/** Floating point operations a CPU-second of the product of two F32 matrices of 512 x 512. */
async function productSpeed(ggml: Ggml): Promise<number> {
  const [side, times] = [512, 16]
  const backend = ggml.backend('cpu', 1)!
  const context = ggml.context(8 * ggml.tensor_overhead())
  const [a, b] = [newTensor(ggml, context, F32, [side, side]), newTensor(ggml, context, F32, [side, side])]
  const buffer = ggml.backend_alloc_ctx_tensors(context, backend)
  const random = randomFrom(2)
  for (const tensor of [a, b])
    ggml.backend_tensor_set(tensor, Float32Array.from({ length: side * side }, random), 0, 4 * side * side)
  const inner = ggml.context(64 * ggml.tensor_overhead() + ggml.graph_overhead_custom(64, false))
  const graph = ggml.new_graph_custom(inner, 64, false)
  for (let i = 0; i < times; i++) ggml.build_forward_expand(graph, ggml.mul_mat(inner, a, b))
  const allocator = ggml.gallocr_new(ggml.backend_get_default_buffer_type(backend))
  ggml.gallocr_alloc_graph(allocator, graph)
  const compute = graphRun(ggml, backend, graph, openBlas())
  await compute()
  const begun = process.cpuUsage()
  await compute()
  const speed = (times * 2 * side ** 3) / cpuSeconds(begun)
  ggml.gallocr_free(allocator)
  ggml.backend_buffer_free(buffer)
  for (const each of [inner, context]) ggml.free(each)
  ggml.backend_free(backend)
  return speed
}

function cpuSeconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1e6
}

function hasTorch(python: string): boolean {
  try {
    execFileSync(python, ['-c', 'import torch'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function torchTokens(python: string, shape: LlamaShape, kind: Kind, steps: number): number {
  const told = JSON.stringify({ ...shape, kind, steps, length, rows, rank })
  const script = join(packageRoot, 'bench', 'trainer', 'torch_peer.py')
  return Number(execFileSync(python, [script, told], { encoding: 'utf8' }))
}
