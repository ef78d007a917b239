// What a family file says about one method: the ways it is asked for, and the one body that is right. The corpus and the
// score draw their documents from these. Training and held-out wordings are disjoint lists; a test keeps them so.
//
// Wording notation: `(up|raise) by:` stands for its alternatives; selector patterns are separated by commas, the words of
// one part by spaces (`increment by:` is sent as increment_by: or incrementBy:). `S0`, `S1` stand for the names of the
// receiver's slots, `K` for a small constant drawn anew for each document (a numeral in code, a word or numeral in
// wordings). `W` is a word drawn anew: a message that another object understands; `SELF` in a body is the selector itself.
// Parameters are always a, b, c, d.
//
// Kinds of values: n number, u small natural number, q positive number, s word, p words, N person's name, l numbers,
// w words in a list, m map to numbers, b flag, d date as text, i position in slot 0, e element of slot 0, k key of slot 0,
// * any plain value, h another object.
export interface MethodSpec {
  readonly id: string
  /** One kind letter a parameter. */
  readonly args?: string
  /** One kind letter a slot. */
  readonly slots?: string
  readonly say: string
  readonly sayNew: string
  readonly note: readonly string[]
  readonly noteNew: readonly string[]
  readonly purpose: string
  /** Outline of a text answer; a method that has one is asked for its voice, the others for their effects. */
  readonly voice?: string
  readonly body: readonly string[]
  /** The slots do not exist yet; their names stand in the selector or the note. */
  readonly absent?: boolean
  /** The answer cannot be guessed from the message: it is always shown, or the note is. */
  readonly open?: boolean
  /** Another object answers, so no answer is ever shown. */
  readonly sends?: boolean
  /** Not to be asked for by example alone (too many methods give the same answers). */
  readonly vague?: boolean
}

export interface Family {
  readonly name: string
  readonly methods: readonly MethodSpec[]
}

/** The line by which a body keeps the persistence covenant. */
export const FLAG = 'self._p_changed = true;'

/** The slots that a body changes, in order: what the `effects` facet answers. */
export const changedSlots = (spec: MethodSpec): readonly string[] => {
  const body = spec.body.join('\n')
  const changes =
    /(?:delete )?self\.(S\d)(?:\[\w+\])?(?: [-+*/]?= |\.(?:push|pop|shift|unshift|splice|sort|reverse)\()|delete self\.(S\d)/g
  return [...new Set([...body.matchAll(changes)].map((found) => found[1] ?? found[2]!))].sort()
}
