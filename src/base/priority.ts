// A lower priority for a process whose work can wait.
import { setPriority } from 'node:os'

/**
 * Sets the nice value of a process, 0 … 19. One that has ended already, or whose priority the system does not let us change, is
 * left as it is: its work is right all the same.
 */
export function lowerPriority(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness)
  } catch (thrown) {
    const { info } = thrown as { info?: { code?: string } }
    if (!['ESRCH', 'EPERM', 'EACCES'].includes(info?.code ?? '')) throw thrown
  }
}
