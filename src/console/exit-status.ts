// What the process says by its exit status: 0 done, 1 it failed, 2 it was asked wrongly.
import type { BatError } from '../base/errors.ts'

export type ExitStatus = 0 | 1 | 2

export const exitStatusOf = (error: BatError): ExitStatus => (error.code === 'E_USAGE' ? 2 : 1)
