// A matcher for the grammars we write: says whether a text is a sentence of a GBNF grammar. llama.cpp only ever asks which
// tokens may come next and has nothing of the kind. Every way to match is followed (the set of all places where a rule can
// end), remembered by rule and place. Left recursion is not supported, as in llama.cpp.
//
//   rule ::= alternative | …      sequence of: "literal", [class], name, ( group ), each with * + ? {n} {n,m}

type Node =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'class'; readonly ranges: readonly (readonly [number, number])[]; readonly not: boolean }
  | { readonly kind: 'rule'; readonly name: string }
  | { readonly kind: 'sequence' | 'choice'; readonly items: readonly Node[] }
  | { readonly kind: 'repeat'; readonly item: Node; readonly least: number; readonly most: number }

export type Grammar = ReadonlyMap<string, Node>

/** Reads a grammar with a rule a line. */
export function parseGbnf(text: string): Grammar {
  const rules = new Map<string, Node>()
  for (const line of text.split('\n').filter((line) => line.trim() !== '')) {
    const head = /^([a-zA-Z0-9-]+) ::= /.exec(line)
    if (!head) throw new SyntaxError(`not a rule: ${line}`)
    const reader = new Reader(line, head[0].length)
    rules.set(head[1]!, reader.choice())
    if (!reader.done) throw new SyntaxError(`column ${reader.at + 1}: ${line}`)
  }
  for (const name of [...rules.values()].flatMap(namesIn)) {
    if (!rules.has(name)) throw new SyntaxError(`no rule ${name}`)
  }
  return rules
}

/** Whether the whole text matches the rule `root`; otherwise how far it went. */
export function matchGbnf(
  grammar: Grammar,
  text: string,
): { readonly ok: boolean; readonly furthest: number } {
  const memo = new Map<string, ReadonlySet<number>>()
  let furthest = 0
  const ends = (node: Node, at: number): ReadonlySet<number> => {
    furthest = Math.max(furthest, at)
    switch (node.kind) {
      case 'literal':
        return text.startsWith(node.text, at) ? new Set([at + node.text.length]) : NONE
      case 'class': {
        const code = text.charCodeAt(at)
        const inside = node.ranges.some(([from, to]) => code >= from && code <= to)
        return at < text.length && inside !== node.not ? new Set([at + 1]) : NONE
      }
      case 'rule': {
        const key = `${node.name} ${at}`
        const known = memo.get(key) ?? ends(grammar.get(node.name)!, at)
        memo.set(key, known)
        return known
      }
      case 'choice':
        return new Set(node.items.flatMap((item) => [...ends(item, at)]))
      case 'sequence': {
        let places: ReadonlySet<number> = new Set([at])
        for (const item of node.items)
          places = new Set([...places].flatMap((place) => [...ends(item, place)]))
        return places
      }
      case 'repeat': {
        const all = new Set<number>(node.least === 0 ? [at] : [])
        let places: ReadonlySet<number> = new Set([at])
        for (let count = 1; count <= node.most && places.size > 0; count++) {
          const next = new Set([...places].flatMap((place) => [...ends(node.item, place)]))
          places = new Set([...next].filter((place) => count < node.least || !all.has(place)))
          if (count >= node.least) for (const place of next) all.add(place)
        }
        return all
      }
    }
  }
  return { ok: ends({ kind: 'rule', name: 'root' }, 0).has(text.length), furthest }
}

const NONE: ReadonlySet<number> = new Set()

const namesIn = (node: Node): readonly string[] => {
  if (node.kind === 'rule') return [node.name]
  if (node.kind === 'repeat') return namesIn(node.item)
  return 'items' in node ? node.items.flatMap(namesIn) : []
}

class Reader {
  readonly #text: string
  at: number

  constructor(text: string, at: number) {
    this.#text = text
    this.at = at
  }

  get done(): boolean {
    this.#space()
    return this.at === this.#text.length
  }

  choice(): Node {
    const items = [this.#sequence()]
    while (this.#eat('|')) items.push(this.#sequence())
    return items.length === 1 ? items[0]! : { kind: 'choice', items }
  }

  #sequence(): Node {
    const items: Node[] = []
    for (;;) {
      this.#space()
      const char = this.#text[this.at]
      if (char === undefined || char === '|' || char === ')') return { kind: 'sequence', items }
      items.push(this.#repeated(this.#item(char)))
    }
  }

  #item(char: string): Node {
    if (char === '"') return this.#literal()
    if (char === '[') return this.#class()
    if (this.#eat('(')) {
      const inside = this.choice()
      if (!this.#eat(')')) throw new SyntaxError(`) expected at column ${this.at + 1}: ${this.#text}`)
      return inside
    }
    const name = /^[a-zA-Z0-9-]+/.exec(this.#text.slice(this.at))
    if (!name) throw new SyntaxError(`column ${this.at + 1}: ${this.#text}`)
    this.at += name[0].length
    return { kind: 'rule', name: name[0] }
  }

  #repeated(item: Node): Node {
    const found = /^(?:[*+?]|\{(\d+)(,(\d*))?\})/.exec(this.#text.slice(this.at))
    if (!found) return item
    this.at += found[0].length
    if (found[0] === '*') return { kind: 'repeat', item, least: 0, most: Infinity }
    if (found[0] === '+') return { kind: 'repeat', item, least: 1, most: Infinity }
    if (found[0] === '?') return { kind: 'repeat', item, least: 0, most: 1 }
    const least = Number(found[1])
    const most = found[2] === undefined ? least : found[3] === '' ? Infinity : Number(found[3])
    return { kind: 'repeat', item, least, most }
  }

  #literal(): Node {
    let text = ''
    this.at++
    while (this.#text[this.at] !== '"') text += this.#char()
    this.at++
    return { kind: 'literal', text }
  }

  #class(): Node {
    this.at++
    const not = this.#text[this.at] === '^'
    if (not) this.at++
    const ranges: [number, number][] = []
    while (this.#text[this.at] !== ']') {
      const from = this.#char().charCodeAt(0)
      const isRange = this.#text[this.at] === '-' && this.#text[this.at + 1] !== ']'
      if (isRange) this.at++
      ranges.push([from, isRange ? this.#char().charCodeAt(0) : from])
    }
    this.at++
    return { kind: 'class', ranges, not }
  }

  #char(): string {
    const char = this.#text[this.at++]
    if (char === undefined) throw new SyntaxError(`not closed: ${this.#text}`)
    if (char !== '\\') return char
    const escaped = this.#text[this.at++]!
    if (escaped === 'n') return '\n'
    if (escaped === 't') return '\t'
    if (escaped !== 'x') return escaped
    const code = Number.parseInt(this.#text.slice(this.at, this.at + 2), 16)
    this.at += 2
    return String.fromCharCode(code)
  }

  #eat(char: string): boolean {
    this.#space()
    if (this.#text[this.at] !== char) return false
    this.at++
    return true
  }

  #space(): void {
    while (this.#text[this.at] === ' ') this.at++
  }
}
