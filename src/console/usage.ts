// What was typed wrong, told by the command that it was typed for: commander's sentence, and as what to do next its
// suggestion, the commands of a group, or the help of that one command.
import type { Command, CommanderError } from 'commander'
import { BatError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'

/** As E_USAGE. `command` refused the line. */
export function usageError({ code, message }: CommanderError, command: Command): BatError {
  const names = command.commands.map((each) => each.name())
  if (code === 'commander.help') return refused(`${pathOf(command)}: which of its commands?`, among(names))
  const [word] = command.args
  // A group that does something by itself takes a command that it does not know for an argument.
  if (code === 'commander.excessArguments' && names.length > 0 && word !== undefined) {
    const near = nearest(word, names)
    return refused(`unknown command '${word}'`, near === undefined ? among(names) : `did you mean ${near}?`)
  }
  // Commander: `error: unknown command 'stauts'\n(Did you mean status?)`.
  const [problem = '', suggestion] = message.replace(/^error: /, '').split('\n')
  const help =
    command.parent === null
      ? '`batos help` lists the commands'
      : `${pathOf(command)} --help tells what it takes`
  return refused(problem, suggestion?.replace(/^\((.*)\)$/, '$1').replace('Did', 'did') ?? help)
}

const refused = (problem: string, hint: string) => new BatError('E_USAGE', { problem, hint })

const among = (names: readonly string[]): string => `there are ${names.join(', ')}`

/** `batos forge gate` */
const pathOf = (command: Command): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`
