// Answers of servers that take no grammar, made to fit: many models write code between ``` lines, or say the given beginning
// once more.
import { BatError } from '../base/errors.ts'
import { type Grammar, matchGbnf, parseGbnf } from './gbnf-matcher.ts'

/** The grammar of a request, parsed. Throws E_GRAMMAR. */
export function parsedGrammar(text: string): Grammar {
  try {
    const grammar = parseGbnf(text)
    if (!grammar.has('root')) throw new SyntaxError('there is no rule root')
    matchGbnf(grammar, '') // a rule that begins with itself never comes to an end
    return grammar
  } catch (cause) {
    throw new BatError('E_GRAMMAR', { reason: (cause as Error).message }, { cause })
  }
}

/** The part of an answer that the grammar accepts: all of it, or what stands between ``` lines; undefined when there is none. */
export function fitting(grammar: Grammar, answer: string, prefill: string): string | undefined {
  const fenced = /```[a-z]*\n([\s\S]*?)\n?```/.exec(answer)?.[1]
  const whole = [answer, ...(fenced === undefined ? [] : [fenced, `${fenced}\n`])]
  const candidates = whole.flatMap((text) => [text, withoutPrefill(text, prefill)])
  return candidates.find((text) => matchGbnf(grammar, text).ok)
}

/** What is new in an answer that begins with what was given. */
export const withoutPrefill = (answer: string, prefill: string): string =>
  prefill !== '' && answer.startsWith(prefill) ? answer.slice(prefill.length) : answer
