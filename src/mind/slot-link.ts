// Schema linking: which slots of the receiver a message or its intent names. A compact prompt says so before each slot, since
// a small model finds it hard to tell the name of a slot from the other words of a selector (exact and partial matches as in
// Guo et al., Towards Complex Text-to-SQL in Cross-Domain Database with Intermediate Representation, 2019, section 2.3).
import { wordsOf } from '../base/notation.ts'

/** `whole`: all words of its name stand side by side in what was asked. `part`: one of them does. */
export type SlotLink = 'whole' | 'part' | 'none'

/** How a compact prompt writes it. */
export const slotLinkSigns: Readonly<Record<SlotLink, string>> = { whole: '+', part: '~', none: '' }

/** Tells for each name how far the selector or the intent names it; number makes no difference: `item` names `items`. */
export function slotLinker(selector: string, intent = ''): (name: string) => SlotLink {
  const asked = [selector, ...intent.split(/[^A-Za-z0-9]+/)].flatMap(stemsOf)
  const text = ` ${asked.join(' ')} `
  const words = new Set(asked)
  return (name) => {
    const stems = stemsOf(name)
    if (stems.length > 0 && text.includes(` ${stems.join(' ')} `)) return 'whole'
    return stems.some((stem) => words.has(stem)) ? 'part' : 'none'
  }
}

const stemsOf = (name: string): readonly string[] => wordsOf(name).map(stemOf)
const stemOf = (word: string): string => (word.length > 3 && word.endsWith('s') ? word.slice(0, -1) : word)
