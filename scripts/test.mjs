// Runs the tests: prepares the checkout, then Node's own runner on every compiled test file (or those whose path holds
// one of the arguments). One file at a time a core; a warning is no failure, an unhandled rejection is, and so is a file that
// has not ended after a quarter of an hour.
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { prepare } from './prepare.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
await prepare(root)
const wanted = process.argv.slice(2)
const files = readdirSync(join(root, 'test'), { recursive: true })
  .filter(
    (name) =>
      name.endsWith('.test.ts') && (wanted.length === 0 || wanted.some((part) => name.includes(part))),
  )
  .sort()
  .map((name) => join(root, 'dist', 'test', name.replace(/\.ts$/, '.js')))
if (files.length === 0) {
  console.error(`batos: no test file matches ${wanted.join(' ')}`)
  process.exit(2)
}
const FILE_LIMIT_MS = 900_000
const args = [
  '--test',
  `--test-timeout=${FILE_LIMIT_MS}`,
  '--enable-source-maps',
  '--test-reporter=spec',
  '--test-reporter-destination=stdout',
]
const child = spawn(process.execPath, [...args, ...files], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
})
child.on('exit', (code) => process.exit(code ?? 1))
