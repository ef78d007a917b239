// The commands that begin with a colon, the same in the console and in a batch: each asks the kernel and answers text.
// What only makes sense while somebody types (`:watch`, `:quit`) belongs to the session; it is listed here all the same,
// for help and completion.
import { BatError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import { isPolicy } from '../base/policy.ts'
import type { Client } from '../protocol/client.ts'
import type { Colours } from './colour.ts'
import { atText, diffText, historyText, undoText } from './past-reports.ts'
import { atBody, diffBody, historyBody, undoBody } from './past-requests.ts'
import { askPolicy, decide } from './proposals.ts'
import { auditText, inspectText, showText } from './reports.ts'
import { placeOf, targetOf } from './requests.ts'
import type { Outcome } from './task.ts'

/** Every command: how it is typed, and what it does in a few words. */
export const colonCommands: readonly (readonly [usage: string, about: string])[] = [
  [':help', 'this list'],
  [':inspect OBJECT', 'slots and methods of an object (genesis, obj:12, 0 for the root)'],
  [':show OBJECT.SELECTOR', 'a method with how it came to be, or a slot (genesis.double_)'],
  [':history [OBJECT[.SLOT]]', 'what changed, when and by whom'],
  [':at TIME OBJECT[.SLOT]', 'what it was: at tx:12, 2h ago, yesterday, 2026-03-01 14:05'],
  [':diff OBJECT[.SLOT] [A] [B]', 'what its last change did, or what became of it since A, up to B'],
  [':undo [TX …]', 'take transactions back, the last of yours when none is named'],
  [':audit [CYCLE]', 'what a cycle did and why'],
  [':watch', 'show what everybody does, or stop showing it'],
  [':approve', 'show each new method before it is installed, or stop doing so'],
  [':policy [OBJECT [auto|propose|off]]', 'who decides on new methods (traits: of all objects)'],
  [':proposals', 'methods that wait for your word; :apply, :reject, :quarantine [ID]'],
  [':cancel [CYCLE]', 'stop a running cycle, your last when none is named'],
  [':quit', 'leave; the daemon goes on'],
]

const textIn = ({ text = '' }: Outcome): string => text

export const colonWords: readonly string[] = colonCommands.map(([usage]) => usage.split(' ')[0]!)

/** Runs one command, whole as typed. Answers what to print. Throws E_USAGE for what is no command. */
export async function colonCommand(client: Client, line: string, colours: Colours): Promise<string> {
  const [word = '', ...rest] = line.split(/\s+/)
  const argument = rest.join(' ')
  switch (word) {
    case ':help':
      return helpText(colours)
    case ':inspect': {
      const target_oid = targetOf(needed(word, argument || '0'))
      return inspectText(await client.request({ command: 'inspect', target_oid }), colours)
    }
    case ':show': {
      const { target, selector } = placeOf(needed(word, argument))
      const found = await client.request({
        command: 'inspect',
        target_oid: target,
        mission_brief: { selector },
      })
      return showText(found, selector, colours)
    }
    case ':history': {
      const body = historyBody(argument || '0', { limit: 20 }, Date.now())
      return historyText(await client.request(body), colours)
    }
    case ':at': {
      const place = needed(word, rest.length > 1 ? rest.at(-1)! : '')
      const body = atBody(rest.slice(0, -1).join(' '), place, Date.now())
      return atText(await client.request(body), body.options.path ?? [], colours)
    }
    case ':policy': {
      const [target = 'traits', wanted] = rest
      if (wanted !== undefined && !isPolicy(wanted))
        throw new BatError('E_USAGE', { problem: `policy ${wanted}`, hint: 'it is auto, propose or off' })
      return textIn(await askPolicy(client, target, wanted))
    }
    case ':proposals':
      return textIn(
        await decide(client, { action: argument === '' ? 'list' : 'show', id: argument }, colours),
      )
    case ':apply':
      return textIn(await decide(client, { action: 'apply', id: argument }, colours))
    case ':reject':
      return textIn(await decide(client, { action: 'reject', id: argument }, colours))
    case ':quarantine':
      return textIn(await decide(client, { action: 'quarantine', id: argument }, colours))
    case ':diff': {
      const body = diffBody(needed(word, rest[0] ?? ''), rest.slice(1), Date.now())
      return diffText(await client.request(body), colours)
    }
    case ':undo':
      return undoText(await client.request(undoBody(rest)))
    case ':audit': {
      const options = argument === '' ? { limit: 20 } : { cycle: argument, limit: 200 }
      return auditText(await client.request({ command: 'audit', options }), colours)
    }
    case ':cancel': {
      const cycle = needed(word, argument)
      await client.request({ command: 'cancel', options: { cycle } })
      return `cancelled ${cycle}`
    }
    default: {
      const near = nearest(word, colonWords)
      const hint = near ? `did you mean ${near}?` : `the commands are ${colonWords.join(' ')}`
      throw new BatError('E_USAGE', { problem: `no command ${word}`, hint })
    }
  }
}

const helpText = (colours: Colours): string =>
  [
    "receiver selector: argument          genesis greet: 'Ada'",
    'receiver selector: argument => value  the answer expected: genesis double: 4 => 8',
    'receiver.slot   receiver.slot = value   message # what you mean   message ! (a new method, surely)',
    '',
    ...colonCommands.map(([usage, about]) => `${colours.bold(usage.padEnd(28))} ${about}`),
  ].join('\n')

function needed(word: string, argument: string): string {
  if (argument !== '') return argument
  const usage = colonCommands.find(([each]) => each.startsWith(`${word} `))?.[0] ?? word
  throw new BatError('E_USAGE', {
    problem: `${word} of what?`,
    hint: `write ${usage.replaceAll(/[[\]]/g, '')}`,
  })
}
