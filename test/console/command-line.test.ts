import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { defaultHome, type Home } from '../../src/base/home.ts'
import { packageRoot } from '../../src/base/package-root.ts'
import { siblingModule } from '../../src/base/sibling-module.ts'
import { running } from '../../src/console/daemon.ts'
import { batos, startFixture, temporaryHome } from './fixtures/home.ts'

let home: Home
let remove: () => void
let stop: () => Promise<void>
before(async () => {
  const made = temporaryHome()
  home = made.home
  remove = made.remove
  stop = (await startFixture(home)).stop
})
after(async () => {
  await stop()
  remove()
})

test('a batch prints answers only, in order, goes on after a failure and then exits with 1', async () => {
  const input = [
    "genesis greet: 'Ada'",
    '# a comment',
    '',
    'genesis double: 4 => 8',
    'genesis double: )',
    'genesis echo: "two\\nlines"',
    'genesis echo: {"a": [1, 9007199254740993n]}',
    'genesis grete: 1',
    'genesis.count = 5',
    ':show genesis.count',
    ':inspec genesis',
    'genesis wat',
    'genesis.count',
  ].join('\n')
  const ran = await batos(home, ['start'], { input })
  assert.equal(ran.output, 'Hello, Ada!\n8\ntwo\nlines\n{"a":[1,{"$bigint":"9007199254740993"}]}\n5\n5\n5\n')
  assert.equal(ran.status, 1)
  const told = ran.errors.split('\n')
  const expected = [
    'line 4: synthesizing (BRICK)',
    'line 4: refused: reach 2:10 foo is not known here',
    'line 4: committed tx:11',
    'batos: E_NEAR_MISS: line 8: genesis does not understand grete:; did you mean greet:?',
    'batos: E_USAGE: line 11: no command :inspec',
    '  did you mean :inspect?',
    '  give an example: => value',
  ]
  for (const line of expected) assert.ok(told.includes(line), `${line}\nin\n${ran.errors}`)
  assert.match(ran.errors, /E_SYNTAX: line 5: column 17.*\n {2}genesis double: \)\n {18}\^\n/)
})

test('a batch in which everything succeeds exits with 0, and an empty one too', async () => {
  assert.equal((await batos(home, ['start'], { input: "genesis greet: 'Bob'" })).status, 0)
  assert.deepEqual(await batos(home, [], { input: '' }), { status: 0, output: '', errors: '' })
})

test('a batch asked to end cancels the line under way and reads no more', async () => {
  const ending = new AbortController()
  const input = new PassThrough()
  const ran = batos(home, ['start'], { input, ending: ending.signal })
  input.write("genesis greet: 'Ada'\ngenesis wait\ngenesis greet: 'Bob'\n")
  setImmediate(() => ending.abort())
  const { status, output } = await ran
  assert.equal(status, 1)
  assert.ok(!output.includes('Bob'))
})

test('the commands that ask answer with text, or with one JSON value', async () => {
  const table = [
    [['send', 'genesis', 'greet:', "'Ada'"], 'Hello, Ada!\n'],
    [['send', 'genesis', 'echo:', '-3'], '-3\n'],
    [['send', "genesis greet: 'Ada'", '--json'], '"Hello, Ada!"\n'],
    [['undo', '9'], 'tx:9 (genesis.count =) is undone, by tx:10\n'],
    [
      ['undo', '--json'],
      '{"transaction":"tx:10","undid":[{"transaction":"tx:9","description":"genesis.count ="}]}\n',
    ],
    [['metrics', '--json'], '{"counts":{"requests_send":1}}\n'],
  ] as const
  for (const [args, output] of table) {
    const ran = await batos(home, args)
    assert.deepEqual({ status: ran.status, output: ran.output }, { status: 0, output }, args.join(' '))
  }
  const shown = JSON.parse((await batos(home, ['show', 'genesis.add:', '--json'])).output)
  assert.match(shown.source, /^function add_/)
  assert.equal(shown.provenance.author, 'BRICK')
  assert.match((await batos(home, ['show', 'genesis.add_'])).output, /witness {4}add: 2 => 5 given count = 3/)
  assert.match((await batos(home, ['inspect', 'genesis'])).output, /understands also clone/)
  assert.match((await batos(home, ['history'])).output, /tx:9/)
  assert.match((await batos(home, ['audit', '--limit', '3'])).output, /COMMIT/)
  const status = JSON.parse((await batos(home, ['status', '--json'])).output)
  assert.equal(status.running, true)
  assert.equal(status.answer.build, 'fixture')
})

test('keys are listed, admitted and revoked, with no kernel asked', async () => {
  const other = temporaryHome()
  try {
    const key = JSON.parse((await batos(other.home, ['keys', '--json'])).output).server
    assert.equal((await batos(other.home, ['keys', 'admit', 'bob', key])).status, 0)
    assert.match((await batos(other.home, ['keys', 'list'])).output, /bob/)
    assert.equal((await batos(other.home, ['keys', 'revoke', 'bob'])).status, 0)
    assert.equal((await batos(other.home, ['keys', 'revoke', 'bob'])).status, 1)
    assert.equal((await batos(other.home, ['keys', 'admit'])).status, 2)
  } finally {
    other.remove()
  }
})

test('what is asked wrongly is refused with exit status 2 and what was probably meant', async () => {
  const table = [
    [['inspcet'], /unknown command 'inspcet'\n {2}did you mean inspect\?/],
    [['history', '--limt', '3'], /unknown option '--limt'\n {2}did you mean --limit\?/],
    [['history', '--limit', 'x'], /--limit x\n {2}a count from 1/],
    [['send'], /missing required argument 'message'/],
    [['show', 'genesis'], /names no method or slot\n {2}write OBJECT\.SELECTOR/],
    [['inspect', 'a b'], /names no object/],
    [['feedback', 'c', 'meh'], /Allowed choices are good, bad/],
    [['status', '--home'], /--home lacks its value/],
    [['keys', 'steal'], /Allowed choices are list, admit, revoke/],
    [['forge'], /batos forge: which of its commands\?\n {2}there are train, script, gate/],
    [['forge', 'gate'], /missing required argument 'adapter'\n.*forge gate --help tells/],
    [['experts', 'usee'], /unknown command 'usee'\n {2}did you mean use\?/],
    [['model', 'pul'], /unknown command 'pul'\n {2}did you mean pull\?/],
  ] as const
  for (const [args, told] of table) {
    const ran = await batos(home, args)
    assert.equal(ran.status, 2, args.join(' '))
    assert.match(ran.errors, told)
    assert.match(ran.errors, /^batos: E_USAGE: /)
    assert.equal(ran.output, '')
  }
})

test('an error with --json is one JSON value on standard output', async () => {
  const ran = await batos(home, ['send', 'genesis', 'wat', '--json'])
  assert.equal(ran.status, 1)
  const { error } = JSON.parse(ran.output)
  assert.equal(error.code, 'E_NOT_WRITTEN')
  assert.equal(error.remedy, 'give an example: => value')
})

test('with nothing running, commands that ask say what to type, down and status say so, and the doctor finds no fault', async () => {
  const other = temporaryHome()
  try {
    const asked = await batos(other.home, ['metrics'])
    assert.equal(asked.status, 1)
    assert.match((await batos(other.home, ['inspect'])).errors, /E_NO_IMAGE: no image was made in /)
    assert.match(asked.errors, /E_NOT_RUNNING: no daemon is running on .*\n {2}start it: .*up --detach/)
    assert.deepEqual(await batos(other.home, ['down', '--json']), {
      status: 0,
      output: '{"stopped":[]}\n',
      errors: '',
    })
    assert.match((await batos(other.home, ['status'])).output, /^nothing is running on /)
    const { findings } = JSON.parse((await batos(other.home, ['doctor', '--json'])).output)
    for (const { what, ok } of findings) assert.ok(ok || ['model', 'port'].includes(what), what)
  } finally {
    other.remove()
  }
})

test('the doctor names open keys, wrong settings and a missing model, each with what to do', async () => {
  const other = temporaryHome()
  try {
    await batos(other.home, ['keys'])
    chmodSync(join(other.home.keys, 'client.json'), 0o644)
    mkdirSync(other.home.dir, { recursive: true })
    writeFileSync(other.home.config, '{"model": {"path": "/nowhere.gguf"}, "endpoint": "tcp://127.0.0.1:*"}')
    const ran = await batos(other.home, ['doctor'])
    assert.equal(ran.status, 1)
    assert.match(ran.output, /problem keys .*\n +chmod 600 .*client\.json/)
    assert.match(ran.output, /problem model .*\n +correct model\.path/)
    writeFileSync(other.home.config, '{"modle": {}}')
    assert.match(
      (await batos(other.home, ['doctor'])).output,
      /problem settings .*modle.*\n +did you mean model\?/,
    )
  } finally {
    other.remove()
  }
})

test('a pid left over from before counts only when it is that program', async () => {
  const other = temporaryHome()
  try {
    mkdirSync(other.home.run, { recursive: true })
    const claims = (pid: number | string) => writeFileSync(other.home.stewardFile, JSON.stringify({ pid }))
    for (const pid of [1, 2 ** 22 + 1, 'x']) {
      claims(pid)
      assert.equal(await running(other.home, 'steward'), undefined)
    }
    rmSync(other.home.stewardFile)
    writeFileSync(other.home.stewardFile, '{"pid": 1')
    assert.equal(await running(other.home, 'steward'), undefined)
  } finally {
    other.remove()
  }
})

test('down stops what runs and waits for its end', async () => {
  const other = temporaryHome()
  try {
    const fixture = await startFixture(other.home)
    const ran = await batos(other.home, ['down', '--json'])
    assert.equal(ran.output, '{"stopped":["kernel"]}\n')
    assert.throws(() => readFileSync(other.home.kernelFile))
    await fixture.stop()
  } finally {
    other.remove()
  }
})

test('the process itself answers help and the version, and bears a reader that goes away', async () => {
  const program = fileURLToPath(siblingModule(import.meta.url, '../../src/console/main'))
  const run = async (...args: string[]) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    return { output, code }
  }
  const help = await run('help')
  assert.equal(help.code, 0)
  for (const word of ['up', 'down', 'status', 'send', 'doctor', '--home'])
    assert.match(help.output, new RegExp(`^ +${word}`, 'm'))
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'))
  assert.deepEqual(await run('--version'), { output: `${version}\n`, code: 0 })
  const child = spawn(process.execPath, [program, 'inspect', 'genesis', '--home', home.dir])
  child.stdout.destroy()
  const [code] = await once(child, 'exit')
  assert.equal(code, 0)
})

test('the home is BATOS_HOME, else in the checkout', () => {
  assert.equal(defaultHome({ BATOS_HOME: '/somewhere' }), '/somewhere')
  assert.equal(defaultHome({}), join(packageRoot, '.batos'))
})
