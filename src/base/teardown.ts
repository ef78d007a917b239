// Whatever starts returns its stop. A Teardown collects stops and runs them in reverse, once, all of them even if
// some fail; the first failure is the one that is thrown.

export type Stop = () => void | Promise<void>

export class Teardown {
  readonly #stops: Stop[] = []
  #done: Promise<void> | undefined

  add(stop: Stop): void {
    this.#stops.push(stop)
  }

  run(): Promise<void> {
    this.#done ??= this.#run()
    return this.#done
  }

  async #run(): Promise<void> {
    const failures: unknown[] = []
    for (const stop of this.#stops.reverse()) {
      try {
        await stop()
      } catch (failure) {
        failures.push(failure)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}
