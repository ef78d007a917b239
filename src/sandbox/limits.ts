// What one invocation may use up. Every number is a ceiling that ends the invocation, never a reservation.

export interface Limits {
  /** Milliseconds of running between two awaits. */
  readonly cpuMs: number
  /** Milliseconds from the first instruction to the answer. */
  readonly wallMs: number
  /** Mebibytes of the realm's memory, the engine's own 6 included. */
  readonly memoryMb: number
  /** How many sends may be waiting for one another. */
  readonly depth: number
}

export const defaultLimits: Limits = { cpuMs: 1000, wallMs: 10_000, memoryMb: 64, depth: 64 }

/** Bytes of the guest's own stack: with 8 MB of native stack under it, every recursion ends as a clean error. */
export const guestStackBytes = 128 * 1024
export const nativeStackMb = 8

/** WebAssembly pages (64 KiB). The engine starts with 16 MiB and cannot be given less. */
export const enginePages = 256
export const pagesOf = (memoryMb: number): number => Math.max(enginePages, Math.ceil(memoryMb * 16))

/** How long after its turn's limit a worker that does not answer is given before it is ended from outside. */
export const graceMs = 250

/** Jobs that run between two looks at the clock, while they are quick. */
export const jobsPerSlice = 64

/** A worker whose memory has grown past this is given a new realm after the call, so that the memory comes back. */
export const keptBytes = 32 * 1024 * 1024
