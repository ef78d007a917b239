// What became of a text, line by line: the longest common subsequence of lines stays, the rest went or came. (The dynamic
// programme of Hunt and McIlroy's `diff`, over what is left between the common beginning and the common end.)

export interface DiffLine {
  readonly sign: ' ' | '-' | '+'
  readonly line: string
}

/** Tables larger than this are not made: all of the middle went, and all of the new one came. */
const MOST_CELLS = 4_000_000

export function lineDiff(before: readonly string[], after: readonly string[]): DiffLine[] {
  let head = 0
  while (head < before.length && head < after.length && before[head] === after[head]) head++
  let tail = 0
  const most = Math.min(before.length, after.length) - head
  while (tail < most && before.at(-1 - tail) === after.at(-1 - tail)) tail++
  return [
    ...before.slice(0, head).map(stays),
    ...middle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(stays),
  ]
}

const stays = (line: string): DiffLine => ({ sign: ' ', line })
const went = (line: string): DiffLine => ({ sign: '-', line })
const came = (line: string): DiffLine => ({ sign: '+', line })

function middle(a: readonly string[], b: readonly string[]): DiffLine[] {
  const width = b.length + 1
  if (a.length * b.length > MOST_CELLS) return [...a.map(went), ...b.map(came)]
  // longest[i * width + j]: how many lines a[i…] and b[j…] have in common
  const longest = new Uint32Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const down = longest[(i + 1) * width + j]!
      const right = longest[i * width + j + 1]!
      longest[i * width + j] = a[i] === b[j] ? longest[(i + 1) * width + j + 1]! + 1 : Math.max(down, right)
    }
  }
  const lines: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      lines.push(stays(a[i]!))
      i++
      j++
    } else if (longest[(i + 1) * width + j]! >= longest[i * width + j + 1]!) lines.push(went(a[i++]!))
    else lines.push(came(b[j++]!))
  }
  return [...lines, ...a.slice(i).map(went), ...b.slice(j).map(came)]
}

/** The changed lines with `context` lines around them; `undefined` stands for those left out. */
export function around(lines: readonly DiffLine[], context = 3): (DiffLine | undefined)[] {
  const changed = lines.flatMap(({ sign }, i) => (sign === ' ' ? [] : [i]))
  const near = (i: number) => changed.some((each) => Math.abs(each - i) <= context)
  return lines.flatMap((line, i) => (near(i) ? [line] : i === 0 || near(i - 1) ? [undefined] : []))
}
