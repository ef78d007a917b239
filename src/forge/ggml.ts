// The binding to ggml, the tensor library inside node-llama-cpp's prebuilt packages: its C functions, called through
// koffi. Nothing is compiled and nothing is copied; the only struct that crosses by value is ggml_init_params.
//
// Rules that the callers keep, since a broken one is an assert that kills the process: shapes fit the operation;
// a tensor is read and written within its bytes; ggml_opt_step_adamw works on tensors flagged as parameters. So this
// module is used in child processes only.
//
// The numbers of types and devices and the head of a tensor are ggml's ABI; they are known for the release named below,
// which is checked against the file that the package carries. A self-test of gradients runs before any training besides.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import koffi from 'koffi'
import { BatError } from '../base/errors.ts'
import type { TensorType } from '../mind/tensor-types.ts'

export const knownRelease = 'v0.5.0'

declare const tensorMark: unique symbol
declare const contextMark: unique symbol
declare const graphMark: unique symbol
declare const backendMark: unique symbol
/** Opaque pointers; the marks keep them apart. */
export type Tensor = { readonly [tensorMark]: true }
export type Context = { readonly [contextMark]: true }
export type ComputeGraph = { readonly [graphMark]: true }
export type Backend = { readonly [backendMark]: true }
type Pointer = object | null

interface Kinds {
  tensor: Tensor
  context: Context
  graph: ComputeGraph
  backend: Backend
  pointer: Pointer
  bytes: NodeJS.ArrayBufferView
  int: number
  int64: number
  size: number
  float: number
  bool: boolean
  str: string
  void: undefined
}
type Kind = keyof Kinds

const nativeNames: Readonly<Record<Exclude<Kind, 'void'>, string>> = {
  tensor: 'void *',
  context: 'void *',
  graph: 'void *',
  backend: 'void *',
  pointer: 'void *',
  bytes: 'void *',
  int: 'int',
  int64: 'int64_t',
  size: 'size_t',
  float: 'float',
  bool: 'bool',
  str: 'str',
}

// name (without ggml_): result, parameters
const signatures = {
  free: ['void', 'context'],
  used_mem: ['size', 'context'],
  tensor_overhead: ['size'],
  graph_overhead_custom: ['size', 'size', 'bool'],
  nbytes: ['size', 'tensor'],
  new_tensor_1d: ['tensor', 'context', 'int', 'int64'],
  new_tensor_2d: ['tensor', 'context', 'int', 'int64', 'int64'],
  new_tensor_4d: ['tensor', 'context', 'int', 'int64', 'int64', 'int64', 'int64'],
  set_name: ['tensor', 'tensor', 'str'],
  set_input: ['void', 'tensor'],
  set_output: ['void', 'tensor'],
  set_param: ['void', 'tensor'],
  set_loss: ['void', 'tensor'],
  new_graph_custom: ['graph', 'context', 'size', 'bool'],
  build_forward_expand: ['void', 'graph', 'tensor'],
  build_backward_expand: ['void', 'context', 'graph', 'pointer'],
  graph_get_grad: ['tensor', 'graph', 'tensor'],
  graph_get_grad_acc: ['tensor', 'graph', 'tensor'],
  graph_n_nodes: ['int', 'graph'],
  graph_node: ['tensor', 'graph', 'int'],
  graph_add_node: ['void', 'graph', 'tensor'],
  mul_mat: ['tensor', 'context', 'tensor', 'tensor'],
  out_prod: ['tensor', 'context', 'tensor', 'tensor'],
  add: ['tensor', 'context', 'tensor', 'tensor'],
  sub: ['tensor', 'context', 'tensor', 'tensor'],
  mul: ['tensor', 'context', 'tensor', 'tensor'],
  scale: ['tensor', 'context', 'tensor', 'float'],
  rms_norm: ['tensor', 'context', 'tensor', 'float'],
  rms_norm_back: ['tensor', 'context', 'tensor', 'tensor', 'float'],
  silu: ['tensor', 'context', 'tensor'],
  silu_back: ['tensor', 'context', 'tensor', 'tensor'],
  swiglu_split: ['tensor', 'context', 'tensor', 'tensor'],
  rope_ext: [
    ...(['tensor', 'context', 'tensor', 'tensor', 'pointer', 'int', 'int', 'int'] as const),
    ...(['float', 'float', 'float', 'float', 'float', 'float'] as const),
  ],
  rope_ext_back: [
    ...(['tensor', 'context', 'tensor', 'tensor', 'pointer', 'int', 'int', 'int'] as const),
    ...(['float', 'float', 'float', 'float', 'float', 'float'] as const),
  ],
  soft_max_ext: ['tensor', 'context', 'tensor', 'tensor', 'float', 'float'],
  soft_max_ext_back: ['tensor', 'context', 'tensor', 'tensor', 'float', 'float'],
  get_rows: ['tensor', 'context', 'tensor', 'tensor'],
  get_rows_back: ['tensor', 'context', 'tensor', 'tensor', 'tensor'],
  repeat_back: ['tensor', 'context', 'tensor', 'tensor'],
  cross_entropy_loss: ['tensor', 'context', 'tensor', 'tensor'],
  cross_entropy_loss_back: ['tensor', 'context', 'tensor', 'tensor', 'tensor'],
  opt_step_adamw: ['tensor', 'context', 'tensor', 'tensor', 'tensor', 'tensor', 'tensor'],
  cont: ['tensor', 'context', 'tensor'],
  cpy: ['tensor', 'context', 'tensor', 'tensor'],
  cast: ['tensor', 'context', 'tensor', 'int'],
  transpose: ['tensor', 'context', 'tensor'],
  permute: ['tensor', 'context', 'tensor', 'int', 'int', 'int', 'int'],
  reshape_1d: ['tensor', 'context', 'tensor', 'int64'],
  reshape_2d: ['tensor', 'context', 'tensor', 'int64', 'int64'],
  reshape_3d: ['tensor', 'context', 'tensor', 'int64', 'int64', 'int64'],
  reshape_4d: ['tensor', 'context', 'tensor', 'int64', 'int64', 'int64', 'int64'],
  backend_alloc_ctx_tensors: ['pointer', 'context', 'backend'],
  backend_alloc_ctx_tensors_from_buft_size: ['size', 'context', 'pointer'],
  backend_buffer_get_size: ['size', 'pointer'],
  backend_buffer_free: ['void', 'pointer'],
  gallocr_new: ['pointer', 'pointer'],
  gallocr_alloc_graph: ['bool', 'pointer', 'graph'],
  gallocr_reserve_n_size: ['void', 'pointer', 'graph', 'pointer', 'pointer', 'bytes'],
  gallocr_get_buffer_size: ['size', 'pointer', 'int'],
  gallocr_free: ['void', 'pointer'],
  backend_get_default_buffer_type: ['pointer', 'backend'],
  backend_tensor_set: ['void', 'tensor', 'bytes', 'size', 'size'],
  backend_tensor_get: ['void', 'tensor', 'bytes', 'size', 'size'],
  backend_graph_compute: ['int', 'backend', 'graph'],
  backend_supports_op: ['bool', 'backend', 'tensor'],
  backend_free: ['void', 'backend'],
  backend_get_device: ['pointer', 'backend'],
  backend_dev_memory: ['void', 'pointer', 'bytes', 'bytes'],
  backend_dev_backend_reg: ['pointer', 'pointer'],
  backend_reg_get_proc_address: ['pointer', 'pointer', 'str'],
  backend_dev_init: ['backend', 'pointer', 'pointer'],
  backend_dev_description: ['str', 'pointer'],
  op_desc: ['str', 'tensor'],
  quantize_chunk: ['size', 'int', 'bytes', 'bytes', 'int64', 'int64', 'int64', 'pointer'],
} as const satisfies Record<string, readonly [Kind, ...Kind[]]>

type ArgumentsOf<S extends readonly Kind[]> = { -readonly [I in keyof S]: Kinds[S[I]] }
type FunctionOf<S> = S extends readonly [infer R extends Kind, ...infer A extends Kind[]]
  ? (...args: ArgumentsOf<A>) => Kinds[R]
  : never

export type Ggml = { readonly [N in keyof typeof signatures]: FunctionOf<(typeof signatures)[N]> } & {
  /** File of the library with the functions. */
  readonly file: string
  /** A context for the descriptions of tensors, of `bytes`; their data is allocated apart. */
  readonly context: (bytes: number) => Context
  /** Computes a graph on a thread of its own; the event loop stays free. */
  readonly compute: (backend: Backend, graph: ComputeGraph) => Promise<void>
  /** A backend of its own on the CPU (with so many threads) or on the first GPU; undefined when there is no such device. */
  readonly backend: (device: 'cpu' | 'gpu', threads: number) => Backend | undefined
  /** What the device calls itself. */
  readonly deviceName: (device: 'cpu' | 'gpu') => string | undefined
  /** How a tensor lies in memory, and what it is computed from. */
  readonly layout: (tensor: Tensor) => Layout
  /** The floats of stored values of any type that models have. */
  readonly decode: (type: TensorType, bytes: Uint8Array) => Float32Array
  /** `rows` rows of floats as stored values; a row holds whole blocks. Of F32 it is the same memory. */
  readonly encode: (type: TensorType, floats: Float32Array, rows: number) => Uint8Array
}

export interface Layout {
  readonly type: number
  /** Numbers along each dimension, and bytes from one to the next. */
  readonly sizes: readonly [number, number, number, number]
  readonly strides: readonly [number, number, number, number]
  readonly sources: readonly Tensor[]
  /** Of its first number, once its memory is allocated. */
  readonly address: bigint
}

const deviceTypes = { cpu: 0, gpu: 1 } as const
let opened: { readonly gpu: boolean; readonly ggml: Ggml } | undefined

/** The library; with `gpu` the build with CUDA or Vulkan where one is installed. Throws E_TRAINER_UNAVAILABLE. One build a process. */
export function openGgml(options: { readonly gpu?: boolean } = {}): Ggml {
  const gpu = options.gpu ?? false
  if (opened && opened.gpu !== gpu) throw unavailable('one process uses one build of the library')
  opened ??= { gpu, ggml: bind(libraryFolder(gpu)) }
  return opened.ggml
}

function bind(folder: string): Ggml {
  const names = readdirSync(folder)
  const libraryNamed = (pattern: RegExp) => {
    const name = names.find((file) => pattern.test(file))
    if (!name) throw unavailable(`${folder} has no library like ${pattern.source}`)
    return name
  }
  const load = (name: string) => koffi.load(join(folder, name), { global: true })
  const baseName = libraryNamed(/^(?:lib)?ggml-base\.(?:so|dylib|dll)$/)
  const base = load(baseName)
  const registry = load(
    libraryNamed(/^(?:lib)?ggml(?:\.\w+)?\.v[\d.]+\.(?:so|dylib|dll)$|^ggml\.dll$|^libggml\.dylib$/),
  )
  koffi.struct('ggml_init_params', { mem_size: 'size_t', mem_buffer: 'void *', no_alloc: 'bool' })
  const tensorHead = koffi.struct('ggml_tensor_head', {
    ...{ type: 'int', buffer: 'void *' },
    ne: koffi.array('int64_t', 4, 'Array'),
    nb: koffi.array('size_t', 4, 'Array'),
    op: 'int',
    op_params: koffi.array('int', 16, 'Array'),
    flags: 'int',
    src: koffi.array('void *', 10, 'Array'),
    ...{ view_src: 'void *', view_offs: 'size_t', data: 'void *' },
  })
  const nativeOf = (kind: Kind) => (kind === 'void' ? 'void' : nativeNames[kind])
  const functions = Object.fromEntries(
    Object.entries(signatures).map(([name, [result, ...parameters]]) => [
      name,
      base.func(`ggml_${name}`, nativeOf(result), parameters.map(nativeOf)),
    ]),
  )
  const initialise = base.func('ggml_init', 'void *', ['ggml_init_params'])
  const loadBackends = registry.func('ggml_backend_load_all_from_path', 'void', ['str'])
  const deviceByType = registry.func('ggml_backend_dev_by_type', 'void *', ['int'])
  const setThreads = koffi.proto('void batos_set_n_threads(void *backend, int threads)')
  loadBackends(folder)

  const bound = functions as unknown as {
    readonly [N in keyof typeof signatures]: FunctionOf<(typeof signatures)[N]>
  }
  const compute = functions.backend_graph_compute!
  return {
    ...bound,
    file: join(folder, baseName),
    context: (bytes) => initialise({ mem_size: bytes, mem_buffer: null, no_alloc: true }) as Context,
    compute: (backend, graph) =>
      new Promise((resolve, reject) => {
        compute.async(backend, graph, (failure: unknown, status: number) => {
          if (failure) reject(failure)
          else if (status !== 0) reject(new BatError('E_INTERNAL', { reason: `ggml status ${status}` }))
          else resolve()
        })
      }),
    backend: (device, threads) => {
      const found = deviceByType(deviceTypes[device]) as Pointer
      if (!found) return undefined
      const backend = bound.backend_dev_init(found, null)
      const address = bound.backend_reg_get_proc_address(
        bound.backend_dev_backend_reg(found),
        'ggml_backend_set_n_threads',
      )
      if (address) koffi.call(address, setThreads, backend, threads)
      return backend
    },
    deviceName: (device) => {
      const found = deviceByType(deviceTypes[device]) as Pointer
      return found ? bound.backend_dev_description(found) : undefined
    },
    layout: (tensor) => {
      const { type, ne, nb, src, data } = koffi.decode(tensor, tensorHead)
      return {
        type,
        sizes: ne.map(Number),
        strides: nb.map(Number),
        sources: src.filter((source: bigint | null) => source !== null && source !== 0n),
        address: BigInt(data ?? 0),
      }
    },
    decode: (type, bytes) => {
      if (type.name === 'F32') return new Float32Array(Uint8Array.from(bytes).buffer)
      const floats = new Float32Array((bytes.byteLength / type.bytes) * type.block)
      base.func(decoderOf(type), 'void', ['void *', 'void *', 'int64_t'])(bytes, floats, floats.length)
      return floats
    },
    encode: (type, floats, rows) => {
      if (type.name === 'F32') return new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength)
      const bytes = new Uint8Array((floats.length / type.block) * type.bytes)
      bound.quantize_chunk(type.id, floats, bytes, 0, rows, floats.length / rows, null)
      return bytes
    },
  }
}

/** For a thread that does nothing else: computes at once, and answers ggml's status, 0 for success. */
export const graphComputer = (file: string): ((backend: Backend, graph: ComputeGraph) => number) =>
  koffi.load(file).func('ggml_backend_graph_compute', 'int', ['void *', 'void *'])

// Q4_K is read by dequantize_row_q4_K.
function decoderOf({ name }: TensorType): string {
  if (name === 'F16') return 'ggml_fp16_to_fp32_row'
  if (name === 'BF16') return 'ggml_bf16_to_fp32_row'
  return `dequantize_row_${name.replace('Q', 'q')}`
}

// @node-llama-cpp/<system>-<processor>[-cuda|-vulkan|-metal]/bins/<the same>/, beside node-llama-cpp or within it.
function libraryFolder(gpu: boolean): string {
  const system = { linux: 'linux', darwin: 'mac', win32: 'win' }[process.platform as string]
  const processor = process.arch === 'arm' ? 'armv7l' : process.arch
  const suffixes = [...(gpu ? ['-cuda', '-vulkan', '-metal'] : []), '', '-metal']
  const main = fileURLToPath(import.meta.resolve('node-llama-cpp'))
  const folderOf = `${sep}node-llama-cpp`
  const packageFolder = main.slice(0, main.lastIndexOf(folderOf + sep) + folderOf.length)
  const homes = [dirname(packageFolder), join(packageFolder, 'node_modules')]
  for (const suffix of suffixes)
    for (const home of homes) {
      const name = `${system}-${processor}${suffix}`
      const folder = join(home, '@node-llama-cpp', name, 'bins', name)
      if (!existsSync(join(folder, '_nlcBuildMetadata.json'))) continue
      if (suffix !== '-cuda' || hasCuda(folder)) return checked(folder)
    }
  throw unavailable(`no prebuilt library for ${system ?? process.platform}-${processor}`)
}

// Whether what the build needs of the system is there: the driver and, on Linux, CUDA's own libraries. The package is installed
// everywhere, and one without them would stand before one for Vulkan.
function hasCuda(folder: string): boolean {
  try {
    koffi.load(process.platform === 'win32' ? 'nvcuda.dll' : join(folder, 'libggml-cuda.so'))
    return true
  } catch {
    return false
  }
}

function checked(folder: string): string {
  const metadata: unknown = JSON.parse(readFileSync(join(folder, '_nlcBuildMetadata.json'), 'utf8'))
  const release = (metadata as { buildOptions?: { llamaCpp?: { release?: string } } }).buildOptions?.llamaCpp
    ?.release
  if (release !== knownRelease)
    throw unavailable(`the library is llama.cpp ${release ?? 'of an unknown release'}, not ${knownRelease}`)
  return folder
}

const unavailable = (reason: string) => new BatError('E_TRAINER_UNAVAILABLE', { reason })
