import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { BatError } from '../../src/base/errors.ts'
import { type Home, homeOf, prepareHome } from '../../src/base/home.ts'
import { siblingModule } from '../../src/base/sibling-module.ts'
import { connect } from '../../src/protocol/client.ts'
import { clientKeys } from '../../src/protocol/keys.ts'
import { kernelLog } from '../../steward/kernel-log.ts'
import { runSteward, type Steward } from '../../steward/run.ts'
import { bornOf, claimHome, isSameProcess, type StewardState } from '../../steward/state-file.ts'
import type { SupervisorSettings } from '../../steward/supervisor.ts'
import { until } from './until.ts'

const kernel = fileURLToPath(siblingModule(import.meta.url, './fixtures/kernel'))
const stewardProgram = fileURLToPath(siblingModule(import.meta.url, './fixtures/steward'))
const cleanUp: (() => void)[] = []
after(() => {
  for (const clean of cleanUp.reverse()) clean()
})

async function newHome(): Promise<Home> {
  const home = homeOf(mkdtempSync(join(tmpdir(), 'batos-steward-')))
  cleanUp.push(() => rmSync(home.dir, { recursive: true, force: true }))
  await prepareHome(home)
  return home
}

interface Quick extends Partial<SupervisorSettings> {
  readonly pingDeadlineMs?: number
}
async function supervise(behaviour: string, { pingDeadlineMs = 2000, ...settings }: Quick = {}) {
  const home = await newHome()
  const lines: string[] = []
  const steward = runSteward({
    home,
    kernel: [kernel, behaviour, '--home', home.dir],
    environment: process.env,
    settings: { backOffMs: 5, ...settings },
    pingEveryMs: 50,
    pingDeadlineMs,
    log: (line) => lines.push(line),
  })
  cleanUp.push(() => steward.stop())
  return { home, steward, lines }
}
const told = (home: Home): StewardState => JSON.parse(readFileSync(home.stewardFile, 'utf8'))
const isUp = (steward: Steward) => () => steward.state().phase === 'up' && steward.kernelPid()
const isGone = (pid: number) => () => bornOf(pid) === undefined

test('starts a kernel, tells its state, and leaves no process when it stops', async () => {
  const { home, steward } = await supervise('brood')
  const pid = await until('the kernel to be up', isUp(steward))
  assert.deepEqual([told(home).pid, told(home).kernelPid, told(home).state], [process.pid, pid, 'up'])
  const grandchild = Number(readFileSync(join(home.run, 'child.pid'), 'utf8'))
  assert.notEqual(bornOf(grandchild), undefined)
  steward.stop()
  assert.deepEqual(await steward.ended, {
    state: 'stopped',
    reason: 'asked to stop',
    exitCode: 0,
    lastLines: [],
  })
  await until('the kernel to be gone', isGone(pid))
  await until('its child to be gone', isGone(grandchild))
  assert.deepEqual([told(home).pid, told(home).kernelPid, told(home).state], [null, null, 'stopped'])
})

test('starts a kernel again that crashed, and one that was killed', async () => {
  const { steward } = await supervise('once')
  const pid = await until('the second start to be up', isUp(steward))
  assert.equal(steward.state().restarts, 1)
  process.kill(pid, 'SIGKILL')
  const successor = await until('the third start to be up', () => {
    const now = isUp(steward)()
    return now !== pid && now
  })
  assert.notEqual(successor, pid)
  assert.equal(steward.state().restarts, 2)
  steward.stop()
  assert.equal((await steward.ended).exitCode, 0)
})

test("gives up a kernel that crashes again and again, with the kernel's last words", async () => {
  const { home, steward } = await supervise('crash', { deaths: 3, backOffMs: 1 })
  const ending = await steward.ended
  assert.deepEqual([ending.state, ending.exitCode], ['given-up', 1])
  assert.match(ending.reason, /3 deaths in a row; the last: it exited with code 1/)
  assert.deepEqual(ending.lastLines, ['fatal: the moon is in the wrong quarter'])
  assert.deepEqual([told(home).state, told(home).pid, told(home).restarts], ['given-up', null, 2])
})

test('does not start a kernel again that refuses its configuration', async () => {
  const { home, steward } = await supervise('refuse')
  const ending = await steward.ended
  assert.deepEqual([ending.state, ending.exitCode, told(home).restarts], ['given-up', 78, 0])
  assert.deepEqual(ending.lastLines, ['fatal: batos.config.json: endpoint: no such port'])
})

test('kills a kernel that hangs and starts it again', async () => {
  const { steward, lines } = await supervise('hang', { misses: 2, pingDeadlineMs: 300 })
  await until('the restart after the hang', () => steward.state().restarts === 1 && isUp(steward)())
  assert.ok(
    lines.some((line) => /pings in a row unanswered/.test(line)),
    lines.join('\n'),
  )
  steward.stop()
  assert.equal((await steward.ended).exitCode, 0)
})

test('kills a kernel that does not end in time', async () => {
  const { steward } = await supervise('stubborn', { stopMs: 100 })
  const pid = await until('the kernel to be up', isUp(steward))
  steward.stop()
  assert.equal((await steward.ended).exitCode, 0)
  await until('the kernel to be gone', isGone(pid))
})

test('ends when a client asks the kernel to shut down', async () => {
  const { home, steward } = await supervise('serve')
  await until('the kernel to be up', isUp(steward))
  const { endpoint } = JSON.parse(readFileSync(home.kernelFile, 'utf8'))
  const client = connect({ endpoint, ...clientKeys(home.keys) })
  await client.request({ command: 'shutdown' })
  await client.close()
  assert.deepEqual((await steward.ended).reason, 'the kernel was asked to stop')
})

function startProgram(home: Home, behaviour: string): { child: ChildProcess; said: () => string } {
  const child = spawn(process.execPath, [stewardProgram, kernel, behaviour, home.dir], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  cleanUp.push(() => void child.kill('SIGKILL'))
  let text = ''
  child.stderr?.on('data', (chunk) => {
    text += String(chunk)
  })
  return { child, said: () => text }
}
const whenUp = (home: Home, not?: number | null) => () => {
  try {
    const state = told(home)
    return state.state === 'up' && state.pid !== not ? state : undefined
  } catch {
    return undefined
  }
}

for (const name of ['SIGTERM', 'SIGINT'] as const)
  test(`ends with status 0 on ${name}, leaving no process`, async () => {
    const home = await newHome()
    const { child } = startProgram(home, 'serve')
    const { kernelPid } = await until('the kernel to be up', whenUp(home))
    child.kill(name)
    await until('the steward to end', () => child.exitCode !== null || child.signalCode !== null)
    assert.equal(child.exitCode, 0)
    assert.equal(bornOf(kernelPid as number), undefined)
  })

test('a second steward on the same home is refused, with the pid of the first', async () => {
  const home = await newHome()
  const { child } = startProgram(home, 'serve')
  await until('the kernel to be up', whenUp(home))
  const second = startProgram(home, 'serve')
  await until('the second to end', () => second.child.exitCode !== null)
  assert.equal(second.child.exitCode, 69)
  assert.match(second.said(), new RegExp(`E_STEWARD_RUNNING: .*pid ${child.pid}`))
  child.kill('SIGTERM')
  await until('the first to end', () => child.exitCode === 0)
})

test('a steward killed with -9 takes its kernel along, and the next one takes over', async () => {
  const home = await newHome()
  const first = startProgram(home, 'serve')
  const before = await until('the kernel to be up', whenUp(home))
  first.child.kill('SIGKILL')
  const second = startProgram(home, 'serve')
  const now = await until('the second kernel to be up', whenUp(home, before.pid))
  assert.equal(bornOf(before.kernelPid as number), undefined)
  assert.equal(now.pid, second.child.pid)
  second.child.kill('SIGTERM')
  await until('the second to end', () => second.child.exitCode === 0)
})

const someState = (pid: number | null, born = ''): StewardState => ({
  pid,
  born,
  kernelPid: null,
  kernelBorn: '',
  state: 'up',
  restarts: 0,
  reason: null,
  startedAt: '',
  changedAt: '',
})

test('the claim of a steward that is gone is taken over, that of a living one is not', async () => {
  const home = await newHome()
  const file = home.stewardFile
  const me = someState(process.pid, bornOf(process.pid))
  const takesOver = (what: string) => {
    writeFileSync(file, what)
    claimHome(file, home.dir, me)
    assert.equal(told(home).pid, process.pid)
  }
  takesOver('')
  takesOver('{"pid": 12')
  takesOver(JSON.stringify(someState(null)))
  takesOver(JSON.stringify(someState(2 ** 22 - 3)))
  // A pid that lives, but began at another time: another process has got that number.
  if (process.platform === 'linux') takesOver(JSON.stringify(someState(process.pid, '1')))
  assert.throws(
    () => claimHome(file, home.dir, someState(1)),
    (error) =>
      error instanceof BatError && error.code === 'E_STEWARD_RUNNING' && error.details.pid === process.pid,
  )
})

test('tells a process from another that got its number', () => {
  const born = bornOf(process.pid) as string
  assert.equal(isSameProcess(process.pid, born), true)
  assert.equal(isSameProcess(process.pid, ''), true)
  if (process.platform === 'linux') assert.equal(isSameProcess(process.pid, '1'), false)
  assert.equal(isSameProcess(null, ''), false)
})

test('cuts a log that has grown too large and keeps what it said', async () => {
  const home = await newHome()
  const log = kernelLog(home.logs, 1000)
  const descriptor = log.open()
  appendFileSync(descriptor, 'x'.repeat(999))
  log.rotate()
  assert.equal(statSync(log.file).size, 999)
  appendFileSync(descriptor, 'yy\n')
  log.rotate()
  assert.equal(statSync(log.file).size, 0)
  assert.equal(statSync(`${log.file}.1`).size, 1002)
  appendFileSync(descriptor, `${JSON.stringify({ level: 50, msg: 'after', remedy: 'mend it' })}\nplain\n`)
  assert.deepEqual(log.lastLines(5), ['error: after (mend it)', 'plain'])
})
