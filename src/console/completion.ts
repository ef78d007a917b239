// What the Tab key offers. `completions` is pure: the line so far and what is known of the image give the words that may
// stand at its end. Knowledge comes from the kernel (inspect), through a cache that is asked anew after a short while.
import type { Value } from '../base/value.ts'
import type { Client } from '../protocol/client.ts'
import { colonWords } from './colon-commands.ts'
import { selectorText } from './rendering.ts'
import { targetOf } from './requests.ts'
import { listOf, mapOf, textOf } from './value-map.ts'

export interface Knowledge {
  /** The names of the root. */
  names(): Promise<readonly string[]>
  /** Selectors that an object understands, and the names of its slots; empty for what is no object. */
  words(
    receiver: string,
  ): Promise<{ readonly selectors: readonly string[]; readonly slots: readonly string[] }>
}

/** The words that could end the line, and the part of the line that they would replace. */
export async function completions(line: string, known: Knowledge): Promise<[readonly string[], string]> {
  const word = /[^\s.]*$/.exec(line)![0]
  const before = line.slice(0, line.length - word.length)
  const offered = await candidates(before, known)
  return [offered.filter((each) => each.startsWith(word)).sort(), word]
}

async function candidates(before: string, known: Knowledge): Promise<readonly string[]> {
  if (before === '') return [...(await known.names()), ...colonWords]
  // `genesis.` or `:show genesis.`: what an object holds
  const dotted = /(?:^|^:\w+\s+)([\w:*]+)\.$/.exec(before)
  if (dotted !== null) {
    const { selectors, slots } = await known.words(dotted[1]!)
    return before.startsWith(':') ? [...slots, ...selectors] : slots
  }
  if (before.startsWith(':')) return known.names()
  // `genesis `: what an object understands, as it would be typed
  const receiver = /^\s*([\w:*]+)\s+$/.exec(before)
  if (receiver !== null) return (await known.words(receiver[1]!)).selectors.map(typedSelector)
  return known.names()
}

/** `greet_` → `greet: `, `size` → `size`. */
const typedSelector = (selector: string): string =>
  selector.endsWith('_') ? `${selectorText(selector)} ` : selector

const FRESH_MS = 2000

/** Knowledge from a running kernel. What cannot be asked now is not offered. */
export function knowledgeOf(client: Client): Knowledge {
  const kept = new Map<string, { readonly at: number; readonly found: Promise<Value> }>()
  const inspect = (target: string): Promise<Value> => {
    const entry = kept.get(target)
    if (entry !== undefined && performance.now() - entry.at < FRESH_MS) return entry.found
    const found = ask(client, target)
    kept.set(target, { at: performance.now(), found })
    return found
  }
  return {
    names: async () =>
      Object.keys(mapOf(mapOf(await inspect('0')).slots)).filter((name) => !name.endsWith('*')),
    words: async (receiver) => {
      const found = mapOf(await inspect(receiver))
      const selectors = listOf(found.understands).flatMap((each) => textOf(mapOf(each).selector) ?? [])
      return { selectors, slots: Object.keys(mapOf(found.slots)) }
    },
  }
}

async function ask(client: Client, target: string): Promise<Value> {
  try {
    return await client.request({ command: 'inspect', target_oid: targetOf(target) }, { timeoutMs: 1000 })
  } catch {
    return null
  }
}
