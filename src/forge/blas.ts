// The system's own library of matrix products (BLAS), where it has a quick one: OpenBLAS, or Accelerate on a Mac. ggml's F32
// product for processors with AVX2 reaches about a quarter of what they can do, OpenBLAS three quarters, and it takes its
// operands turned, so that nothing need be copied into place. Used in training processes only, one thread a call.
import koffi from 'koffi'
import type { Ggml } from './ggml.ts'

/** C = A · B by rows of floats: A is [rows, depth], B [depth, columns], each perhaps stored turned. */
export interface MatrixProduct {
  readonly rows: number
  readonly columns: number
  readonly depth: number
  readonly a: Operand
  readonly b: Operand
  /** Address of the result, and floats from one of its rows to the next. */
  readonly c: bigint
  readonly stride: number
}

export interface Operand {
  readonly address: bigint
  readonly turned: boolean
  /** Floats from one stored row to the next. */
  readonly stride: number
}

export interface Blas {
  readonly name: string
  /** Computes at once; several threads may call it side by side. */
  readonly multiply: (product: MatrixProduct) => void
}

const libraries: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ['libopenblas.so.0', 'libopenblas.so'],
  darwin: ['/System/Library/Frameworks/Accelerate.framework/Accelerate'],
  win32: ['libopenblas.dll'],
}

/** What computes, for people. */
export const deviceSaid = (ggml: Ggml, device: 'cpu' | 'gpu', blas: Blas | undefined): string =>
  `${ggml.deviceName(device) ?? device}${blas ? ` with ${blas.name}` : ''}`

// of cblas.h
const byRows = 101
const [asStored, turned] = [111, 112]

let opened: { readonly blas: Blas | undefined } | undefined

/** The library, or undefined where there is none; looked for once a process. */
export function openBlas(): Blas | undefined {
  opened ??= { blas: find() }
  return opened.blas
}

function find(): Blas | undefined {
  // read by Accelerate and by OpenBLAS when they are loaded: a pool of threads within each call only gets in the way
  process.env.VECLIB_MAXIMUM_THREADS ??= '1'
  process.env.OPENBLAS_NUM_THREADS ??= '1'
  for (const name of libraries[process.platform] ?? []) {
    try {
      return bind(name)
    } catch {
      // not installed under this name
    }
  }
  return undefined
}

function bind(name: string): Blas {
  const library = koffi.load(name)
  const sgemm = library.func('cblas_sgemm', 'void', [
    ...['int', 'int', 'int', 'int', 'int', 'int'],
    ...['float', 'void *', 'int', 'void *', 'int', 'float', 'void *', 'int'],
  ])
  if (name.includes('openblas')) library.func('openblas_set_num_threads', 'void', ['int'])(1)
  const flag = (operand: Operand) => (operand.turned ? turned : asStored)
  return {
    name: name.includes('Accelerate') ? 'Accelerate' : 'OpenBLAS',
    multiply: ({ rows, columns, depth, a, b, c, stride }) => {
      const sizes = [byRows, flag(a), flag(b), rows, columns, depth]
      sgemm(...sizes, 1, a.address, a.stride, b.address, b.stride, 0, c, stride)
    },
  }
}
