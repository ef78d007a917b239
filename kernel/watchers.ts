// Who is told of a cycle's progress beside the client that asked for it: those who subscribed.
import type { Observation } from '../src/cognition/observation.ts'

export type Watcher = (cycle: string, observation: Observation) => void

export class Watchers {
  readonly #watchers = new Map<string, { readonly watcher: Watcher; readonly end: () => void }>()

  /** Watches for the request `key` until `remove` ends it; resolves then. */
  add(key: string, watcher: Watcher): Promise<void> {
    return new Promise((end) => this.#watchers.set(key, { watcher, end }))
  }

  remove(key: string): boolean {
    this.#watchers.get(key)?.end()
    return this.#watchers.delete(key)
  }

  tell(cycle: string, observation: Observation): void {
    for (const { watcher } of this.#watchers.values()) watcher(cycle, observation)
  }
}
