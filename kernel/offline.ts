// Commands that work with no kernel running, on what the kernel is made of: `guard` judges a method's text, `verify` reads
// every record of the image. The command line starts this program and hands its streams over:
//   node kernel/offline.js guard|verify --home DIR [--json] [-- FILE]
// Exit status: 0 sound, 1 not (or it could not be looked at), 2 asked wrongly.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { systemClock } from '../src/base/clock.ts'
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
  if (command === 'verify') return verify()
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

async function verify() {
  const home = homeOf(values.home ?? defaultHome(process.env))
  if (!existsSync(home.image))
    throw new BatError('E_FILE', { file: home.image, reason: 'no image was made there yet' })
  // Imported here, so that `guard` needs no database.
  const { openImage } = await import('../src/image/image.ts')
  const image = await openImage({ dir: home.image, clock: systemClock })
  try {
    const found = await image.verify()
    const text = Object.entries(found)
      .map(
        ([what, value]) => `${what.padEnd(16)} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
      )
      .join('\n')
    return { ok: found.ok, value: found, text }
  } finally {
    await image.close()
  }
}
