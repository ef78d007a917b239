// Who is told of a cycle's progress beside the client that asked for it: those who subscribed.
import type { Observation } from '../src/cognition/observation.ts'

export type Watcher = (cycle: string, observation: Observation) => void

export class Watchers {
  readonly #watchers = new Map<string, Watcher>()

  /** One watcher a client: a new one takes the place of the old. */
  add(client: string, watcher: Watcher): void {
    this.#watchers.set(client, watcher)
  }

  remove(client: string): boolean {
    return this.#watchers.delete(client)
  }

  tell(cycle: string, observation: Observation): void {
    for (const watcher of this.#watchers.values()) watcher(cycle, observation)
  }
}
