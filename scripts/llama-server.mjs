// Builds llama.cpp's llama-server from the sources that node-llama-cpp carries (as a git bundle), with no network, and runs the
// tests of the engine for model servers against it. Needs git, cmake and a C++ compiler; the first build takes many minutes
// and is gone on with when it was broken off. Usage: node scripts/llama-server.mjs [--jobs N]
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
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
  if (error) throw new Error(`${command} cannot be run: ${error.message}`)
  if (status !== 0) process.exit(status ?? 1)
}

const bundle = join(root, 'node_modules', 'node-llama-cpp', 'llama', 'gitRelease.bundle')
const head = spawnSync('git', ['bundle', 'list-heads', bundle], { encoding: 'utf8' }).stdout?.slice(0, 12)
if (!head) throw new Error(`${bundle} cannot be read with git`)
const sources = join(tmpdir(), `llama.cpp-${head}`)
if (!existsSync(join(sources, 'CMakeLists.txt'))) run('git', ['clone', '--quiet', bundle, sources])
const off = ['TESTS', 'EXAMPLES', 'APP', 'UI'].map((part) => `-DLLAMA_BUILD_${part}=OFF`)
const without = [
  '-DLLAMA_USE_PREBUILT_UI=OFF',
  '-DLLAMA_OPENSSL=OFF',
  '-DGGML_OPENMP=OFF',
  '-DGGML_CCACHE=OFF',
]
const kind = ['-DCMAKE_BUILD_TYPE=Release', '-DBUILD_SHARED_LIBS=OFF']
run('cmake', ['-S', sources, '-B', join(sources, 'build'), ...kind, ...off, ...without])
run('nice', ['cmake', '--build', join(sources, 'build'), '--target', 'llama-server', '-j', values.jobs])

const program = join(sources, 'build', 'bin', 'llama-server')
run(
  process.execPath,
  ['--enable-source-maps', '--test', join(root, 'dist/test/mind/remote-engine.test.js')],
  {
    env: { ...process.env, BATOS_LLAMA_SERVER: program },
  },
)
