// The options that every command takes (--home, --endpoint, --json) may stand anywhere on the line, before the command or
// after its arguments; they are taken out first, so that what is left of `send` is the message, `-3` and all. `--` ends
// them. What is left is for commander; without a command it is `console`.
import { BatError } from '../base/errors.ts'

export interface Given {
  readonly home?: string
  readonly endpoint?: string
  readonly json: boolean
  /** The command and its own arguments. */
  readonly rest: readonly string[]
}

const WITH_VALUE = ['home', 'endpoint'] as const

/** Takes the common options out of the arguments. Throws E_USAGE when one lacks its value. */
export function takeCommon(args: readonly string[]): Given {
  const values: { home?: string; endpoint?: string } = {}
  const rest: string[] = []
  let json = false
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!
    if (word === '--') {
      rest.push(...args.slice(index))
      break
    }
    const option = WITH_VALUE.find((name) => word === `--${name}` || word.startsWith(`--${name}=`))
    if (option !== undefined) {
      const value = word.includes('=') ? word.slice(word.indexOf('=') + 1) : args[++index]
      if (value === undefined || value === '')
        throw new BatError('E_USAGE', {
          problem: `--${option} lacks its value`,
          hint: `write --${option} VALUE`,
        })
      values[option] = value
    } else if (word === '--json') json = true
    else rest.push(word)
  }
  return { ...values, json, rest: withCommand(rest) }
}

function withCommand(rest: readonly string[]): readonly string[] {
  const [first] = rest
  if (first === undefined || (first.startsWith('-') && !['-h', '--help', '-V', '--version'].includes(first)))
    return ['console', ...rest]
  return rest
}
