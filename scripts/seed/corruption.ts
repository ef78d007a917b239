// Broken bodies with the report that the guardian or the trial would give: what the seed mind learns repairs from.
// Lines are counted within the function, the signature being line 1, the purpose line 2.
import { formatLiteral } from '../../src/base/notation.ts'
import type { Value } from '../../src/base/value.ts'
import { signatureOf } from '../../src/mind/briefs.ts'
import { FLAG } from './method-spec.ts'
import { chance, integer, pick, type Random } from './random.ts'
import { compile } from './runnable.ts'
import type { Sample } from './sample.ts'

export interface Corrupted {
  readonly body: string
  readonly report: readonly string[]
}

const isChange = (line: string): boolean =>
  !line.includes('_p_changed') &&
  /self\.\w+(\[\w+\])? = |self\.\w+\.(push|pop|shift|unshift|sort)\(|delete self/.test(line)

/** A broken form of the sample's body; undefined where this draw does not apply to it. */
export function corrupt(random: Random, sample: Sample): Corrupted | undefined {
  const [purpose, ...lines] = sample.body.split('\n')
  const flag = lines.findIndex((line) => line.includes(FLAG))
  const kinds =
    flag >= 0
      ? [dropFlag, dropFlag, flagFirst, flagInBranch, flagValue, unknownName, wrongAnswer, syntax]
      : [unknownName, wrongAnswer, wrongAnswer, misspelled, syntax]
  const broken = pick(random, kinds)(random, lines, flag, sample)
  return broken && { ...broken, body: `${purpose}\n${broken.body}` }
}

/** The number of the first line of code. */
const FIRST = 3

type Corruption = (
  random: Random,
  lines: readonly string[],
  flag: number,
  sample: Sample,
) => Corrupted | undefined

/** Reports one violation a change, or only the first. */
function unflagged(random: Random, lines: readonly string[]): Corrupted {
  const at = lines.flatMap((line, index) => (isChange(line) ? [index + FIRST] : []))
  const shown = chance(random, 0.6) ? at.slice(0, 3) : at.slice(0, 1)
  return { body: lines.join('\n'), report: shown.map((line) => `report covenant ${line}`) }
}

const dropFlag: Corruption = (random, lines, flag, sample) => {
  const without = lines.filter((_, index) => index !== flag)
  if (chance(random, 0.1)) {
    const changed = sample.effects.replace('changes ', '').split(' and ')[0]
    return { body: without.join('\n'), report: [`report amnesia ${changed}`] }
  }
  return unflagged(random, without)
}

const flagFirst: Corruption = (random, lines, flag) => {
  const change = lines.findIndex(isChange)
  if (change < 0 || change > flag) return undefined
  const moved = lines.filter((_, index) => index !== flag)
  moved.splice(change, 0, lines[flag]!)
  return unflagged(random, moved)
}

const flagInBranch: Corruption = (random, lines, flag, sample) => {
  if (lines[flag]!.startsWith('    ')) return undefined
  const slot = Object.keys(sample.brief.slots)[0]
  const tests = [
    ...(sample.brief.args.length > 0 ? ['a', 'a > 0', 'a !== null'] : []),
    ...(slot === undefined ? [] : [`self.${slot}`, `self.${slot} > 0`]),
  ]
  if (tests.length === 0) return undefined
  const branched = [...lines]
  branched[flag] = `  if (${pick(random, tests)}) ${FLAG}`
  return unflagged(random, branched)
}

const flagValue: Corruption = (random, lines, flag) => {
  const changed = [...lines]
  changed[flag] = lines[flag]!.replace('true', pick(random, ['false', '1', '"true"', 'null']))
  return { body: changed.join('\n'), report: [`report flag ${flag + FIRST}`] }
}

const unknownName: Corruption = (random, lines, _flag, sample) => {
  const uses = lines.flatMap((line, index) =>
    /(?<![\w.])(self\.(?!_p)\w+|[abc])(?!\w)(?! =[^=])/.test(line) ? [index] : [],
  )
  if (uses.length === 0) return undefined
  const at = pick(random, uses)
  const changed = [...lines]
  let name = ''
  changed[at] = lines[at]!.replace(
    /(?<![\w."])(self\.((?!_p)\w+)|[abc])(?![\w"])/,
    (whole, _one, slot?: string) => {
      if (slot !== undefined && whole.startsWith('self.'))
        name = chance(random, 0.8) ? slot : pick(random, ['value', 'it', 'this_one'])
      else
        name = pick(
          random,
          ['value', 'n', 'num', 'arg', 'text', 'item', 'amount', 'input', 'b', 'd', 'args', 'name'].filter(
            (other) => other !== whole && !(other === 'b' && sample.brief.args.length > 1),
          ),
        )
      return name
    },
  )
  if (name === '' || /^(const|let)/.test(name)) return undefined
  const report = chance(random, 0.85) ? `report reach ${name}` : `report threw ${name} is not defined`
  return { body: changed.join('\n'), report: [report] }
}

const OTHER: readonly (readonly [RegExp, readonly string[]])[] = [
  [/ \+ 1;/, [' - 1;', ' + 2;', ';']],
  [/ \+ /, [' - ', ' * ']],
  [/ - /, [' + ', ' / ']],
  [/ \* /, [' + ', ' - ', ' / ']],
  [/ \/ /, [' * ', ' % ', ' - ']],
  [/ % 2 === 0/, [' % 2 === 1', ' / 2 === 0']],
  [/ !== /, [' === ']],
  [/ === /, [' !== ', ' > ']],
  [/ > /, [' < ', ' >= ', ' === ']],
  [/ < /, [' > ', ' <= ']],
  [/ >= /, [' > ', ' <= ']],
  [/Math\.max/, ['Math.min']],
  [/Math\.min/, ['Math.max']],
  [/toUpperCase/, ['toLowerCase']],
  [/toLowerCase/, ['toUpperCase']],
  [/\.pop\(/, ['.shift(']],
  [/\.shift\(/, ['.pop(']],
  [/\.push\(/, ['.unshift(']],
  [/\.unshift\(/, ['.push(']],
  [/return true/, ['return false']],
  [/return false/, ['return true']],
  [/\? ("[^"]*") : ("[^"]*")/, ['? $2 : $1']],
  [/Object\.keys/, ['Object.values']],
  [/Object\.values/, ['Object.keys']],
  [/\[0\]/, ['[1]']],
  [/, 0\)/, [', 1)']],
  [/"([A-Z])(\w+)/, ['"$2']],
  [/return self\.\w+;/, ['return null;', 'return true;']],
  [/\bold\b;/, ['null;']],
]

/** The trial ran it and got another answer than the one shown. */
const wrongAnswer: Corruption = (random, lines, _flag, sample) => {
  const { brief } = sample
  // a wrong operator in the head of a loop need not end
  if (!('expected' in brief) || lines.some((line) => line.includes('for ('))) return undefined
  const text = lines.join('\n')
  const found = OTHER.filter(([pattern]) => pattern.test(text))
  if (found.length === 0) return undefined
  const [pattern, others] = found[integer(random, 0, found.length - 1)]!
  const body = text.replace(pattern, pick(random, others))
  if (body === text) return undefined
  try {
    const run = compile(signatureOf(brief.selector, brief.args.length) + body)
    const got = run(
      structuredClone(brief.slots) as Record<string, Value>,
      ...(structuredClone(brief.args) as Value[]),
    )
    if (got === undefined || (typeof got === 'number' && !Number.isFinite(got))) return undefined
    const shown = formatLiteral(got)
    const good = formatLiteral(brief.expected as Value)
    if (shown === good || shown.length > 44 || /undefined|NaN/.test(shown)) return undefined
    return { body, report: [`report answer ${shown} not ${good}`] }
  } catch {
    return undefined
  }
}

/** A built-in method that does not exist. */
const misspelled: Corruption = (random, lines) => {
  const text = lines.join('\n')
  const call = [
    ...text.matchAll(
      /([\w.)\]]+)\.(toUpperCase|toLowerCase|split|join|reverse|includes|slice|filter|map|reduce|repeat|trim|replaceAll|startsWith)\(/g,
    ),
  ]
  if (call.length === 0) return undefined
  const [whole, , name] = pick(random, call)
  const wrong = pick(
    random,
    [`${name}s`, name!.toLowerCase(), `get${name}`, `${name}All`, `to${name}`].filter(
      (other) => other !== name,
    ),
  )
  const body = text.replace(whole, whole.replace(`.${name}(`, `.${wrong}(`))
  if (body === text) return undefined
  return { body, report: [`report threw ${chance(random, 0.5) ? 'a' : 'x'}.${wrong} is not a function`] }
}

const syntax: Corruption = (random, lines) => {
  const text = [...lines]
  const drawn = random()
  const at = integer(random, 0, lines.length - 2)
  const line = text[at]!
  if (drawn < 0.4 && line.includes('(')) text[at] = line.replace(/\)(?!.*\))/, '')
  else if (drawn < 0.7) text[at] = line.replace(/ (=|\+|-|\*|>) /, ' $1$1 = ')
  else if (drawn < 0.85 && line.includes('"')) text[at] = line.replace(/"(?!.*")/, '')
  else text.splice(lines.length - 1, 1)
  const body = text.join('\n')
  if (body === lines.join('\n')) return undefined
  const broken = (body.split('\n').length < lines.length ? lines.length - 2 : at) + FIRST
  try {
    new Function(`return (function f(self, a, b, c) {\n${body})`)
    return undefined
  } catch {
    return { body, report: [`report syntax ${broken}`] }
  }
}
