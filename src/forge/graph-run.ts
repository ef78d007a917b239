// Computes a static graph whose memory is allocated. Where the system has a quick BLAS, the graph's F32 matrix products are
// its work and the operations between them stay ggml's, in the graph's own order, so that the memory that the allocator let
// them share stays right. A thread for each backend does this (graph-thread.ts); without a BLAS ggml computes it all.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { BatError } from '../base/errors.ts'
import { siblingModule } from '../base/sibling-module.ts'
import type { Blas, MatrixProduct, Operand } from './blas.ts'
import type { Backend, ComputeGraph, Ggml, Layout, Tensor } from './ggml.ts'
import type { FromThread, Step, ThreadData, ToThread } from './graph-thread.ts'
import { F32 } from './weights.ts'

export type GraphRun = () => Promise<void>

/** How to compute the graph, again and again, one run of a backend at a time. */
export function graphRun(ggml: Ggml, backend: Backend, graph: ComputeGraph, blas?: Blas): GraphRun {
  if (!blas) return () => ggml.compute(backend, graph)
  const thread = threadOf(ggml, backend)
  const run = runs++
  const tell = (message: ToThread) => thread.postMessage(message)
  tell({ kind: 'learn', run, steps: stepsOf(ggml, graph) })
  return async () => {
    thread.ref()
    tell({ kind: 'compute', run })
    const [{ failure }] = (await once(thread, 'message')) as [FromThread]
    thread.unref()
    if (failure !== undefined) throw new BatError('E_INTERNAL', { reason: failure })
  }
}

let runs = 0
const threads = new Map<Backend, Worker>()

function threadOf(ggml: Ggml, backend: Backend): Worker {
  const data: ThreadData = { library: ggml.file, backend }
  const thread =
    threads.get(backend) ?? new Worker(siblingModule(import.meta.url, './graph-thread'), { workerData: data })
  thread.unref()
  threads.set(backend, thread)
  return thread
}

const VIEWS = new Set(['NONE', 'RESHAPE', 'VIEW', 'PERMUTE', 'TRANSPOSE'])

/** The graph cut at its products. */
function stepsOf(ggml: Ggml, graph: ComputeGraph): readonly Step[] {
  const steps: Step[] = []
  let between: Tensor[] = []
  const endSegment = () => {
    if (between.length === 0) return
    const size = between.length
    const context = ggml.context(ggml.graph_overhead_custom(size, false) + 1024)
    const segment = ggml.new_graph_custom(context, size, false)
    for (const node of between) ggml.graph_add_node(segment, node)
    steps.push({ segment })
    between = []
  }
  const count = ggml.graph_n_nodes(graph)
  for (let i = 0; i < count; i++) {
    const node = ggml.graph_node(graph, i)
    const operation = ggml.op_desc(node)
    if (VIEWS.has(operation)) continue
    const products = productsOf(ggml, node, operation)
    if (products === undefined) between.push(node)
    else {
      endSegment()
      for (const product of products) steps.push({ product })
    }
  }
  endSegment()
  return steps
}

/** The products that a node stands for, one a slice; undefined where it is something else, or not of plain floats. */
function productsOf(ggml: Ggml, node: Tensor, operation: string): readonly MatrixProduct[] | undefined {
  if (operation !== 'MUL_MAT' && operation !== 'OUT_PROD') return undefined
  const out = ggml.layout(node)
  const [a, b] = out.sources.map((source) => ggml.layout(source)) as [Layout, Layout]
  if (![out, a, b].every(({ type }) => type === F32)) return undefined
  // ggml can let several slices share one; only equal numbers of slices are taken here.
  if (![2, 3].every((d) => a.sizes[d] === out.sizes[d] && b.sizes[d] === out.sizes[d])) return undefined
  // Rows of the result run along its second dimension: row j comes of b's, column i of a's.
  const inner = operation === 'MUL_MAT'
  const first = inner ? operand(b, 1, 0) : operand(b, 0, 1)
  const second = inner ? operand(a, 0, 1) : operand(a, 1, 0)
  if (!first || !second || out.strides[0] !== 4) return undefined
  const products: MatrixProduct[] = []
  for (let j = 0; j < out.sizes[3]; j++)
    for (let i = 0; i < out.sizes[2]; i++) {
      const at = ({ address, strides }: Layout) => address + BigInt(i * strides[2] + j * strides[3])
      products.push({
        ...{ rows: out.sizes[1], columns: out.sizes[0], depth: inner ? a.sizes[0] : a.sizes[1] },
        ...{ a: { ...first, address: at(b) }, b: { ...second, address: at(a) } },
        ...{ c: at(out), stride: out.strides[1] / 4 },
      })
    }
  return products
}

/** How the matrix lies whose rows run along dimension `row` and whose columns along `column`. */
function operand({ strides }: Layout, row: 0 | 1, column: 0 | 1): Omit<Operand, 'address'> | undefined {
  if (strides[column] === 4) return { turned: false, stride: strides[row] / 4 }
  if (strides[row] === 4) return { turned: true, stride: strides[column] / 4 }
  return undefined
}
