// What the command line is given by whoever runs it: nothing below main looks at the process itself.
import type { Readable, Writable } from 'node:stream'

export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly input: Readable & { readonly isTTY?: boolean }
  readonly output: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  readonly errors: Writable & { readonly isTTY?: boolean }
  /** Fires when the process is asked to end (SIGINT, SIGTERM). */
  readonly ending: AbortSignal
}
