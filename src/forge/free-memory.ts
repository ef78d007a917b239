// How much memory a process may still take: what the machine has free, and what is left of the limit of its group (a container, a
// service). The group counts the files that it has read, too, which the system gives up at once when memory is asked for.
import { readFileSync } from 'node:fs'
import { freemem } from 'node:os'

/** Bytes. */
export const freeMemory = (): number => Math.min(freemem(), process.availableMemory() + cachedBytes())

// Of the group of this process (cgroup v2); 0 where there is none.
function cachedBytes(): number {
  try {
    const group = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/'
    return cachedOf(readFileSync(`/sys/fs/cgroup${group}/memory.stat`, 'utf8'))
  } catch {
    return 0
  }
}

/** The bytes of files in a memory.stat. */
export const cachedOf = (stat: string): number =>
  [...stat.matchAll(/^(?:in)?active_file (\d+)$/gm)].reduce((sum, [, bytes]) => sum + Number(bytes), 0)
