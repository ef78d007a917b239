// Colours for the methods that the model writes: one pass of one regular expression over the text. It need not
// understand JavaScript, only never change a character and never hang: every alternative consumes at least one character, and
// none can match the same text in two ways, so the time is linear.
import type { Colours, Paint } from './colour.ts'

const KEYWORDS = new Set(
  (
    'async await break case catch class const continue default delete do else finally for function if in instanceof ' +
    'let new of return switch throw try typeof var void while yield'
  ).split(' '),
)
const CONSTANTS = new Set(['true', 'false', 'null', 'undefined', 'NaN', 'Infinity'])

const TOKEN = new RegExp(
  [
    '(?<comment>\\/\\/[^\\n]*|\\/\\*(?:[^*]|\\*(?!\\/))*(?:\\*\\/)?)',
    '(?<text>\'(?:[^\'\\\\\\n]|\\\\[^])*\'?|"(?:[^"\\\\\\n]|\\\\[^])*"?|`(?:[^`\\\\]|\\\\[^])*`?)',
    '(?<number>\\b\\d[\\w.]*)',
    '(?<word>[A-Za-z_$][\\w$]*)',
    '(?<other>[^])',
  ].join('|'),
  'g',
)

/** The same text with colours. */
export function highlight(source: string, colours: Colours): string {
  let result = ''
  for (const match of source.matchAll(TOKEN)) result += paintOf(match, source, colours)(match[0])
  return result
}

function paintOf(match: RegExpMatchArray, source: string, colours: Colours): Paint {
  const kinds = match.groups!
  if (kinds.comment !== undefined) return colours.dim
  if (kinds.text !== undefined) return colours.green
  if (kinds.number !== undefined) return colours.yellow
  const word = kinds.word
  if (word === undefined) return same
  if (word === '_p_changed') return colours.cyan
  if (source[match.index! - 1] === '.') return same
  if (KEYWORDS.has(word)) return colours.magenta
  if (CONSTANTS.has(word)) return colours.yellow
  if (word === 'self') return colours.blue
  return source[match.index! + word.length] === '(' ? colours.bold : same
}

const same: Paint = (text) => text
