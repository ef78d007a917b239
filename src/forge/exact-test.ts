// Exact tests on counts of right and wrong answers, with no approximation for small numbers.
//
//   pairedBetter   two candidates answered the same questions: McNemar's test in its exact form, one-sided. Only the
//                  questions on which they differ say anything; were both equally good, each of these would be either's
//                  with probability 1/2, so the count is binomial. (McNemar, Psychometrika 12, 1947, 153-157; the exact
//                  form: Fagerland, Lydersen, Laake, BMC Medical Research Methodology 13, 2013, 91, section "The exact
//                  conditional test".)
//   apartWorse     two candidates answered different questions: Fisher's exact test, one-sided, with both margins fixed.
//                  (Fisher, Journal of the Royal Statistical Society 98, 1935, 39-82.)
//
// Sums of terms are made from logarithms of factorials, smallest terms first: relative error below 1e-9 up to 10^5 answers.

export interface Count {
  readonly right: number
  readonly asked: number
}

/**
 * The probability that `gained` or more of the `gained + lost` questions on which two equally good candidates differ fall to
 * the first of them. 1 where they differ nowhere.
 */
export function pairedBetter(gained: number, lost: number): number {
  const n = counted(gained) + counted(lost)
  const log = logFactorials(n)
  return sumOf(gained, n, (k) => log[n]! - log[k]! - log[n - k]! - n * Math.LN2)
}

/**
 * The probability that, of two equally good candidates, the first has so few right answers or fewer, given how many
 * both have together.
 */
export function apartWorse(first: Count, second: Count): number {
  const right = first.right + second.right
  const asked = first.asked + second.asked
  for (const { right, asked } of [first, second])
    if (counted(right) > counted(asked)) throw new RangeError(`${right} of ${asked} right`)
  const log = logFactorials(asked)
  const choose = (n: number, k: number): number => log[n]! - log[k]! - log[n - k]!
  return sumOf(
    Math.max(0, right - second.asked),
    first.right,
    (k) => choose(first.asked, k) + choose(second.asked, right - k) - choose(asked, right),
  )
}

/** The sum of probabilities given by their logarithms, for k from `low` to `high`. */
function sumOf(low: number, high: number, logTerm: (k: number) => number): number {
  const terms = Array.from({ length: high - low + 1 }, (_, i) => Math.exp(logTerm(low + i)))
  return Math.min(
    1,
    terms.sort((a, b) => a - b).reduce((sum, term) => sum + term, 0),
  )
}

/** ln(k!) for k from 0 to n. */
function logFactorials(n: number): Float64Array {
  const log = new Float64Array(n + 1)
  for (let k = 2; k <= n; k++) log[k] = log[k - 1]! + Math.log(k)
  return log
}

function counted(count: number): number {
  if (Number.isSafeInteger(count) && count >= 0) return count
  throw new RangeError(`${count} is no count`)
}
