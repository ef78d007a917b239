import { BatError } from '../base/errors.ts'

/** What `read` answers; undefined where the record is damaged, which the check of its own record names. */
export function soundly<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof BatError) return undefined
    throw error
  }
}
