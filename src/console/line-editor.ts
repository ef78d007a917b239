// The line being typed at the bottom of the terminal, and everything else above it. Node's readline edits the line; what
// arrives meanwhile is printed by clearing the line, printing, and drawing the line again, the cursor where it was.
//
// The live line (what runs at the moment) is the first part of readline's own prompt, `live\n> `, so that readline counts
// its rows and nothing here depends on its inside. Before a line is accepted the live part is taken out of the prompt:
// it would stay in the scroll-back otherwise.
import { type Completer, createInterface, cursorTo, moveCursor } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

export interface LineEditor {
  /** Text above the line being typed. */
  print(text: string): void
  /** The live line, undefined for none; cut to the terminal's width. */
  live(text: string | undefined): void
  /** What stands before the line being typed. */
  prompt(text: string): void
  /** Ends when the person leaves: ctrl-D, ctrl-C on an empty line, or `close`. */
  readonly closed: Promise<void>
  close(): void
}

export interface EditorOptions {
  readonly input: Readable & { readonly isTTY?: boolean }
  readonly output: Writable & { readonly columns?: number }
  /** Newest first. */
  readonly history: readonly string[]
  readonly completer: (line: string) => Promise<[readonly string[], string]>
  readonly onLine: (line: string) => void
}

export function openLineEditor(options: EditorOptions): LineEditor {
  const { input, output, onLine } = options
  const completer = (line: string, done: (error: null, result: [string[], string]) => void) => {
    options.completer(line).then(
      ([words, part]) => done(null, [[...words], part]),
      () => done(null, [[], line]),
    )
  }
  let prompt = '> '
  let live: string | undefined
  let open = true

  // First in line, so that it runs before readline's own listener accepts the line.
  const beforeAccepting = (
    _: string,
    key: { readonly name?: string; readonly ctrl?: boolean } | undefined,
  ) => {
    const accepts = key?.name === 'return' || key?.name === 'enter'
    const leaves = key?.ctrl === true && key.name === 'd' && lines.line === ''
    if (live !== undefined && (accepts || leaves)) show(undefined)
  }
  const lines = createInterface({
    input,
    output,
    completer: completer as unknown as Completer,
    history: [...options.history],
    historySize: 1000,
    removeHistoryDuplicates: true,
    terminal: true,
    prompt,
    escapeCodeTimeout: 50,
  })
  input.prependListener('keypress', beforeAccepting)

  const draw = () => {
    if (open) lines.prompt(true)
  }
  // Where the line wraps while it is being typed, readline does not note the row that the cursor came to, from which it
  // goes up at the next drawing; so that is mended before each of ours. What is on the screen is the prompt as it is now.
  const noteRow = () => {
    const noted = lines as unknown as { prevRows?: number }
    if (typeof noted.prevRows === 'number') noted.prevRows = lines.getCursorPos().rows
  }
  function show(text: string | undefined): void {
    noteRow()
    const width = (output.columns ?? 80) - 1
    live = text === undefined ? undefined : cut(text, width)
    lines.setPrompt(live === undefined ? prompt : `${live}\n${prompt}`)
    draw()
  }
  function print(text: string): void {
    if (!open) {
      output.write(`${text}\n`)
      return
    }
    noteRow()
    const { rows } = lines.getCursorPos()
    moveCursor(output, 0, -rows)
    cursorTo(output, 0)
    // Clears to the end of the screen; the empty rows after the text are where readline, which goes up by the rows it
    // drew last, begins to draw.
    output.write(`\u001b[J${text}\n${'\n'.repeat(rows)}`)
    draw()
  }

  lines.on('line', (line) => {
    onLine(line)
    draw()
  })
  lines.on('SIGINT', () => {
    if (lines.line === '') {
      show(undefined)
      return lines.close()
    }
    lines.write(null, { ctrl: true, name: 'e' })
    lines.write(null, { ctrl: true, name: 'u' })
  })
  lines.on('SIGCONT', draw)
  const closed = new Promise<void>((resolve) => {
    lines.once('close', () => {
      // The last drawing of the line, without the live part and with the cursor below it.
      open = false
      input.removeListener('keypress', beforeAccepting)
      output.write('\n')
      resolve()
    })
  })
  draw()
  return {
    print,
    live: (text) => {
      if (open && text !== live) show(text)
    },
    prompt: (text) => {
      prompt = text
      show(live)
    },
    closed,
    close: () => {
      show(undefined)
      lines.close()
    },
  }
}

// Cuts text with colours to a number of visible columns; escape sequences take none.
function cut(text: string, width: number): string {
  let shown = 0
  let result = ''
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with an escape
  for (const [part] of text.matchAll(/\u001b\[\d+m|./gsu)) {
    if (part.startsWith('\u001b')) result += part
    else if (shown < width) {
      result += part
      shown += 1
    }
  }
  return result
}
