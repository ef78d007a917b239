// A disk that is soon full: a tmpfs of a given size, where mounting one is permitted.
import { execFileSync } from 'node:child_process'

/** Mounts a tmpfs of `size` (`3m`) on the folder `at`; answers whether that could be done. `umount` ends it. */
export function mounted(at: string, size: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', at], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
