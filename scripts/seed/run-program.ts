// How the programs of the seed mind end when something is wrong: the error in words and what to do, exit status 1 (130 where
// Ctrl-C stopped a training). What is typed wrong commander tells, by the same status.
import { InvalidArgumentError } from 'commander'
import { batErrorOf } from '../../src/base/errors.ts'
import { complaint } from '../../src/console/complaint.ts'

export async function runProgram(main: () => Promise<void>): Promise<void> {
  try {
    await main()
  } catch (failure) {
    const error = batErrorOf(failure)
    console.error(`\n${complaint(error)}`)
    process.exitCode = error.code === 'E_TRAINER_CANCELLED' ? 130 : 1
  }
}

/** For commander: a whole number from `least` on. */
export const wholeFrom =
  (least: number) =>
  (text: string): number => {
    const count = Number(text)
    if (text.trim() !== '' && Number.isInteger(count) && count >= least) return count
    throw new InvalidArgumentError(`A whole number from ${least} on is expected.`)
  }
