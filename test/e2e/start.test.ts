import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Home } from '../../src/base/home.ts'
import { packageRoot } from '../../src/base/package-root.ts'
import { makeHome } from './daemon.ts'

/** Runs a script of the checkout on a home, with lines on its standard input. */
async function run(script: string, home: Home, args: readonly string[], input?: string) {
  const child = spawn(process.execPath, [join(packageRoot, 'scripts', script), ...args], {
    env: { ...process.env, BATOS_HOME: home.dir },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.end(input ?? '')
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.on('exit', resolve)),
  ])
  return { stdout, stderr, code }
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = ''
  for await (const chunk of stream) all += String(chunk)
  return all
}

/** Processes whose command line names the home. */
const processesOf = (home: Home): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && existsSync(`/proc/${name}/cmdline`))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      } catch {
        return ''
      }
    })
    .filter((line) => line.includes(home.dir))

describe('npm start', { timeout: 600_000 }, () => {
  const home = makeHome()

  it('answers piped messages on standard output, one a line, and exits 0', async () => {
    const lines = "genesis greet: 'Ada'\ngenesis double: 4 => 8\ngenesis double: 21\n"
    const { stdout, stderr, code } = await run('start.mjs', home, [], lines)
    assert.equal(code, 0, stderr)
    const [greeting, ...rest] = stdout.split('\n')
    assert.match(greeting!, /Ada/)
    assert.deepEqual(rest, ['8', '42', ''])
  })

  it('knows its methods the next time', async () => {
    const { stdout, code } = await run('start.mjs', home, [], 'genesis double: 5\n')
    assert.deepEqual([stdout, code], ['10\n', 0])
  })

  it('exits 1 when a message failed, and goes on with the next', async () => {
    const { stdout, stderr, code } = await run(
      'start.mjs',
      home,
      [],
      "genesis grete: 'Ada'\ngenesis double: 6\n",
    )
    assert.equal(code, 1)
    assert.equal(stdout, '12\n')
    assert.match(stderr, /greet:/)
  })

  it('leaves no process behind', () => assert.deepEqual(processesOf(home), []))
})

describe('batos', { timeout: 600_000 }, () => {
  const home = makeHome()

  it('starts a daemon that stays, and stops it', async () => {
    assert.equal((await run('batos.mjs', home, ['up', '--detach'])).code, 0)
    const status = await run('batos.mjs', home, ['status', '--json'])
    assert.equal(status.code, 0)
    assert.ok(JSON.parse(status.stdout))
    const sent = await run('batos.mjs', home, ['send', 'genesis.count = 3'])
    assert.deepEqual([sent.stdout, sent.code], ['3\n', 0])
    assert.equal((await run('batos.mjs', home, ['down'])).code, 0)
    assert.deepEqual(processesOf(home), [])
  })

  it('tells what is wrong when nothing runs', async () => {
    const { code, stderr } = await run('batos.mjs', home, ['send', 'genesis.count'])
    assert.equal(code, 1)
    assert.match(stderr, /E_NOT_RUNNING/)
  })

  it('verifies the image without a daemon', async () => {
    const { code, stdout, stderr } = await run('batos.mjs', home, ['verify', '--json'])
    assert.equal(code, 0, stderr)
    assert.equal((JSON.parse(stdout) as { ok: boolean }).ok, true)
  })
})
