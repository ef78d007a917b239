// What works with no kernel running, on what the kernel is made of. The command line starts this program:
//   node kernel/offline.js guard [--json] -- FILE   judges a method's text, on the streams handed over
//   node kernel/offline.js answer --home DIR        answers one request over the channel (offline-answer.ts)
// Exit status: 0 sound, 1 not (or it could not be looked at), 2 asked wrongly.
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { BatError, batErrorOf } from '../src/base/errors.ts'
import { defaultHome, homeOf } from '../src/base/home.ts'
import { guardText } from '../src/guardian/guard-file.ts'
import type { Violation } from '../src/guardian/verdict.ts'

const { values, positionals } = parseArgs({
  options: { home: { type: 'string' }, json: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const [command, ...args] = positionals

try {
  if (command === 'answer') {
    // Imported here, so that `guard` needs no database.
    const { answerParent } = await import('./offline-answer.ts')
    await answerParent(homeOf(values.home ?? defaultHome(process.env)))
    process.exit()
  }
  const found = await run()
  process.stdout.write(`${values.json ? JSON.stringify(found.value) : found.text}\n`)
  process.exitCode = found.ok ? 0 : 1
} catch (thrown) {
  const error = batErrorOf(thrown)
  const { code, message, remedy } = error
  if (values.json)
    process.stdout.write(`${JSON.stringify({ error: { code, message, remedy: remedy ?? null } })}\n`)
  process.stderr.write(`batos: ${code}: ${message}\n${remedy ? `  ${remedy}\n` : ''}`)
  process.exitCode = code === 'E_USAGE' ? 2 : 1
}

async function run(): Promise<{ ok: boolean; value: unknown; text: string }> {
  const [file] = args
  if (command === 'guard' && file !== undefined) return guard(file)
  throw new BatError('E_USAGE', { problem: `no such command: ${positionals.join(' ')}`, hint: 'batos help' })
}

async function guard(file: string) {
  const source = await textOf(file)
  const { ok, violations } = guardText(source)
  const told = violations.map(({ code, line, column, message }) => ({ code, line, column, message }))
  const lines = source.split('\n')
  const text = ok
    ? `${file}: nothing to object to`
    : violations.map((each) => violationText(file, each, lines[each.line - 1] ?? '')).join('\n')
  return { ok, value: { ok, violations: told }, text }
}

// file:3:7: covenant: sentence, then the line with a caret under the column.
function violationText(file: string, { code, line, column, message }: Violation, source: string): string {
  const from = Math.max(0, column - 60)
  const shown = clean(source.slice(from, from + 100))
  const before = clean(source.slice(from, Math.max(0, column - 1)))
  return `${file}:${line}:${column}: ${code}: ${clean(message)}\n  ${shown}\n  ${' '.repeat(before.length)}^`
}

// A file may hold anything; a terminal is shown no control characters.
function clean(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new BatError('E_FILE', { file, reason: (cause as Error).message }, { cause })
  }
}
