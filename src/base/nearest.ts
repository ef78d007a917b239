// "Did you mean …?": the known word that is one slip of the fingers away. A slip is one letter too many, too few or
// wrong, or two neighbours exchanged (Damerau 1964; restricted edit distance).

/** The number of slips between two words. */
export function slips(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let cost = Math.min(row[j - 1]! + 1, last[j]! + 1, last[j - 1]! + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, before[j - 2]! + 1)
      row.push(cost)
    }
    before = last
    last = row
  }
  return last[b.length]!
}

/** The first of `known` within `most` slips of `word` (fewest first), or undefined. Short words need be closer. */
export function nearest(word: string, known: Iterable<string>, most = 2): string | undefined {
  let best: string | undefined
  let fewest = Math.min(most, Math.floor(word.length / 3)) + 1
  for (const candidate of known) {
    if (candidate === word || Math.abs(candidate.length - word.length) >= fewest) continue
    const count = slips(word, candidate)
    if (count < fewest) {
      best = candidate
      fewest = count
    }
  }
  return best
}
