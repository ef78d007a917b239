import { setTimeout as pause } from 'node:timers/promises'

/** What `look` gives once it gives something; fails with what was waited for after `seconds`. */
export async function until<T>(what: string, look: () => T | undefined | false, seconds = 180): Promise<T> {
  const deadline = performance.now() + seconds * 1000
  for (;;) {
    const seen = look()
    if (seen !== undefined && seen !== false) return seen
    if (performance.now() > deadline) throw new Error(`waited ${seconds} s in vain for: ${what}`)
    await pause(10)
  }
}
