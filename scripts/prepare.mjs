// Set-up of a checkout, without any package: installs what the lock file names when it is not there yet, and compiles
// TypeScript when a source is newer than its output. All that it prints goes to standard error, so that the
// program that follows owns standard output.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const SOURCES = ['src', 'kernel', 'steward', 'test', 'scripts', 'bench']

/** Installs and compiles what is missing below `root` (absolute, with a closing slash). Exits with 1 and a reason when it cannot. */
export async function prepare(root) {
  requireNode(20, 19)
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  const stamp = join(root, 'node_modules', '.batos-lock')
  if (read(stamp) !== lock) {
    say('installing packages (once) …')
    // Not `npm ci`: that refuses a lock file without the optional packages of every other platform, which a registry need not have.
    await run('npm', ['install', '--no-save', '--no-progress', '--loglevel=error'], root)
    writeFileSync(stamp, lock)
  }
  const built = join(root, 'dist', '.built')
  if (!existsSync(built) || newestSource(root) > statSync(built).mtimeMs) {
    say('compiling …')
    const started = new Date()
    await run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '--noCheck'], root)
    writeFileSync(built, started.toISOString())
  }
}

function requireNode(major, minor) {
  const [a, b] = process.versions.node.split('.').map(Number)
  if (a > major || (a === major && b >= minor)) return
  console.error(`batos: Node ${process.versions.node} is too old; ${major}.${minor} or later is needed`)
  process.exit(1)
}

function newestSource(root) {
  let newest = statSync(join(root, 'tsconfig.json')).mtimeMs
  const look = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) look(path)
      else if (entry.name.endsWith('.ts')) newest = Math.max(newest, statSync(path).mtimeMs)
    }
  }
  for (const folder of SOURCES) if (existsSync(join(root, folder))) look(join(root, folder))
  return newest
}

const read = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : '')
const say = (text) => process.stderr.write(`batos: ${text}\n`)

function run(command, args, cwd) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.pipe(process.stderr, { end: false })
    child.stderr.pipe(process.stderr, { end: false })
    child.on('error', (error) => giveUp(`${command} could not be started: ${error.message}`))
    child.on('exit', (code) =>
      code === 0 ? resolve() : giveUp(`${command} ${args[0]} failed with exit status ${code}`),
    )
  })
}

function giveUp(reason) {
  say(reason)
  process.exit(1)
}
