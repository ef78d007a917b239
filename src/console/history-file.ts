// What was typed, across sessions: home/console_history, a line each, the newest last, mode 0600 (messages may hold what is
// nobody else's business; a line that begins with a space is not kept). Lines are appended, so that two consoles do not
// lose each other's; the file is cut to the newest `MOST` when a session opens it.
import { appendFileSync, chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Home } from '../base/home.ts'

const MOST = 1000
const LONGEST = 10_000

export interface History {
  /** Newest first, as readline wants them. */
  readonly lines: readonly string[]
  add(line: string): void
}

/** Opens the history of a home. A file that cannot be read or written costs the history, not the session. */
export function openHistory(home: Home): History {
  const file = join(home.dir, 'console_history')
  const lines = load(file)
  return {
    lines: [...lines].reverse(),
    add(line) {
      if (line.startsWith(' ') || line.trim() === '' || line.length > LONGEST || line.includes('\n')) return
      attempt(() => appendFileSync(file, `${line}\n`, { mode: 0o600 }))
    },
  }
}

function load(file: string): readonly string[] {
  const all =
    attempt(() =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== ''),
    ) ?? []
  const kept = all.slice(-MOST)
  if (kept.length < all.length)
    attempt(() => {
      writeFileSync(`${file}.new`, `${kept.join('\n')}\n`, { mode: 0o600 })
      renameSync(`${file}.new`, file)
    })
  attempt(() => chmodSync(file, 0o600))
  return kept
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch {
    return undefined
  }
}
