// Builds llama.cpp's llama-server from the sources that node-llama-cpp carries (as a git bundle), with no network, and runs the
// tests of the engine for model servers against it, with the seed mind. Only the server itself is compiled (see
// llama-server/CMakeLists.txt): some minutes on one core. What was built before is kept. Needs Linux, git, cmake, a C++ compiler.
// Usage: node scripts/llama-server.mjs [--jobs N]
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { prepare } from './prepare.mjs'

const { values } = parseArgs({ options: { jobs: { type: 'string', default: '1' } } })
const root = fileURLToPath(new URL('..', import.meta.url))
await prepare(root)

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', ...options })
  if (error) giveUp(`${command} cannot be run: ${error.message}`)
  if (status !== 0) process.exit(status ?? 1)
}

function giveUp(reason) {
  console.error(`batos: ${reason}`)
  process.exit(1)
}

const packages = realpathSync(join(root, 'node_modules'))
const libraries = join(packages, '@node-llama-cpp', `linux-${process.arch}`, 'bins', `linux-${process.arch}`)
if (process.platform !== 'linux' || !existsSync(libraries))
  giveUp(`node-llama-cpp has no libraries for ${process.platform} on ${process.arch} here`)
if (!readdirSync(libraries).includes('libllama-common.so'))
  giveUp(`libllama-common.so is not in ${libraries}: this version of node-llama-cpp does not ship it`)

const bundle = join(packages, 'node-llama-cpp', 'llama', 'gitRelease.bundle')
const head = spawnSync('git', ['bundle', 'list-heads', bundle], { encoding: 'utf8' }).stdout?.slice(0, 12)
if (!head) giveUp(`${bundle} cannot be read with git`)
const sources = join(tmpdir(), `llama.cpp-${head}`)
const build = join(sources, 'build')
if (!existsSync(join(sources, 'CMakeLists.txt')))
  run('git', ['-c', 'advice.detachedHead=false', 'clone', '--quiet', bundle, sources])
const where = [`-DSOURCES=${sources}`, `-DLIBRARIES=${libraries}`]
// A copy, so that what was built serves any checkout.
const recipe = join(tmpdir(), `llama-server-${head}`)
cpSync(join(root, 'scripts', 'llama-server'), recipe, { recursive: true })
run('cmake', ['-S', recipe, '-B', build, ...where])
run('nice', ['cmake', '--build', build, '-j', values.jobs])

const tests = join(root, 'dist', 'test', 'mind', 'llama-server.test.js')
run(process.execPath, ['--enable-source-maps', '--test', '--test-reporter=spec', tests], {
  env: { ...process.env, BATOS_LLAMA_SERVER: join(build, 'llama-server') },
})
