// Memory on the device that computes. Where it has no room the library answers null or false, and the next call that uses
// what is missing ends the process; so every allocation goes through here, and is refused with the bytes that it asked for.
import { BatError } from '../base/errors.ts'
import type { Backend, ComputeGraph, Context, Ggml } from './ggml.ts'

/** Allocates the tensors that a context describes; answers the bytes. Throws E_TRAINER_MEMORY. */
export function allocateTensors(ggml: Ggml, context: Context, backend: Backend): number {
  const buffer = ggml.backend_alloc_ctx_tensors(context, backend)
  if (buffer) return ggml.backend_buffer_get_size(buffer)
  const kind = ggml.backend_get_default_buffer_type(backend)
  throw noRoom(ggml, backend, ggml.backend_alloc_ctx_tensors_from_buft_size(context, kind))
}

/** Allocates what a graph computes in between; answers the bytes. Throws E_TRAINER_MEMORY. */
export function allocateGraph(ggml: Ggml, graph: ComputeGraph, backend: Backend): number {
  const kind = ggml.backend_get_default_buffer_type(backend)
  const allocator = ggml.gallocr_new(kind)
  if (ggml.gallocr_alloc_graph(allocator, graph)) return ggml.gallocr_get_buffer_size(allocator, 0)
  const bytes = new BigUint64Array(1)
  ggml.gallocr_reserve_n_size(ggml.gallocr_new(kind), graph, null, null, bytes)
  throw noRoom(ggml, backend, Number(bytes[0]))
}

function noRoom(ggml: Ggml, backend: Backend, bytes: number): BatError {
  const [free, total] = [new BigUint64Array(1), new BigUint64Array(1)]
  ggml.backend_dev_memory(ggml.backend_get_device(backend), free, total)
  return new BatError('E_TRAINER_MEMORY', {
    needed: Math.ceil(bytes / 1e6),
    free: Math.floor(Number(free[0]) / 1e6),
  })
}
