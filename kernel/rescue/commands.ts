// What can be typed at the rescue console. Nothing of it needs a model, a worker or a socket, nor that the image be sound:
// what is damaged is named and passed over.
import { resolve } from 'node:path'
import { BatError } from '../../src/base/errors.ts'
import { nearest } from '../../src/base/nearest.ts'
import { diff, goTo, guard, history, list, show } from './looking.ts'
import { forget, revert, set, undo } from './repairing.ts'
import { type Answer, misused, type Rescue } from './rescue.ts'

interface Command {
  readonly usage: string
  readonly about: string
  readonly run: (rescue: Rescue, rest: string) => Answer | Promise<Answer>
}

export const rescueCommands: Readonly<Record<string, Command>> = {
  ls: {
    usage: 'ls [PLACE]',
    about: 'what is there, a line each; the root when no place is named',
    run: list,
  },
  show: { usage: 'show PLACE', about: 'an object, a Tree, a slot or an entry, whole', run: show },
  history: {
    usage: 'history [PLACE]',
    about: 'the last transactions, or those that changed an object',
    run: history,
  },
  at: {
    usage: 'at [MOMENT]',
    about: 'look at the past: tx:90, 2h (ago), yesterday; at now: the present',
    run: goTo,
  },
  diff: {
    usage: 'diff PLACE TX [TX]',
    about: 'how an object differs between then and then, or now',
    run: diff,
  },
  undo: { usage: 'undo TX', about: 'take a transaction back, by a new one', run: undo },
  revert: {
    usage: 'revert PLACE TX',
    about: 'an object, a slot or an entry as it was after TX',
    run: revert,
  },
  forget: { usage: 'forget PLACE', about: 'take a slot, an entry, an object or a Tree away', run: forget },
  set: { usage: 'set PLACE = VALUE', about: 'put a value in a slot or an entry', run: set },
  guard: { usage: 'guard PLACE', about: "the guardian's verdict on a method", run: guard },
  verify: { usage: 'verify', about: 'look at everything and name what is damaged', run: verify },
  stats: { usage: 'stats', about: 'what takes the room', run: stats },
  dump: { usage: 'dump DIR', about: 'write what is looked at as text, one object a file', run: dump },
  help: { usage: 'help', about: 'this list', run: () => ({ text: helpText() }) },
  quit: { usage: 'quit', about: 'leave', run: () => ({ text: '' }) },
}

/** Runs one line. Throws what is wrong with it. */
export async function runRescueLine(rescue: Rescue, line: string): Promise<Answer> {
  const [word = '', rest = ''] = line.trim().split(/\s+(.*)/s)
  if (Object.hasOwn(rescueCommands, word)) return rescueCommands[word]!.run(rescue, rest)
  const near = nearest(word, Object.keys(rescueCommands))
  throw new BatError('E_USAGE', {
    problem: `no command ${word}`,
    hint: near ? `did you mean ${near}?` : 'help lists the commands',
  })
}

const helpText = (): string =>
  [
    ...Object.values(rescueCommands).map(({ usage, about }) => `${usage.padEnd(20)} ${about}`),
    '',
    'A PLACE is genesis, obj:12, genesis.count, missions.pending["key"], genesis."odd name".list[0]',
  ].join('\n')

async function verify({ image }: Rescue): Promise<Answer> {
  const { ok, head, faults } = await image.verify()
  const all = [...image.damage, ...faults.map(({ where, problem }) => `${where}: ${problem}`)]
  const isSound = ok && image.damage.length === 0
  return {
    ok: isSound,
    text: [...all, `up to ${head}: ${isSound ? 'sound' : `${all.length} faults`}`].join('\n'),
  }
}

function stats({ image }: Rescue): Answer {
  return { text: JSON.stringify(image.stats(), undefined, 2) }
}

async function dump(rescue: Rescue, rest: string): Promise<Answer> {
  if (rest === '') throw misused('dump DIR')
  const report = await rescue.image.dump({
    dir: resolve(rest),
    ...(rescue.at === undefined ? {} : { at: rescue.at }),
  })
  const { dir, transaction, objects, trees, blobs, damage } = report
  const lines = damage.map((what) => `damaged: ${what}`)
  const done = `${objects} objects, ${trees} trees and ${blobs} blobs of ${transaction} are in ${dir}`
  return { ok: damage.length === 0, text: [...lines, done].join('\n') }
}
