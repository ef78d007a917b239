// The plan of a cycle: which facets of which personas are asked, with which words, and what shall come out.
//
//   {"memory":false,"artifact":"method","facets":[{"persona":"BRICK","facet":"purpose","query":"increment by"}]}
//
// One line of JSON, keys in this order. The seed mind plans one thing for itself: whether a text is to be answered, whose
// outline ROBIN's voice gives, or a change or a value, of which BRICK tells the effects.
import { wordsOf } from '../base/notation.ts'

const MAX_QUERY = 60

/** What a facet is asked about: the words of the message. */
export const facetQuery = (selector: string): string => wordsOf(selector).join(' ').slice(0, MAX_QUERY)

/** The plan for a method, as it is written. */
export function planOf(selector: string, answersText: boolean): string {
  const query = facetQuery(selector)
  const second = answersText
    ? { persona: 'ROBIN', facet: 'voice', query }
    : { persona: 'BRICK', facet: 'effects', query }
  return JSON.stringify({
    memory: false,
    artifact: 'method',
    facets: [{ persona: 'BRICK', facet: 'purpose', query }, second],
  })
}
