import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import type { Home } from '../../src/base/home.ts'
import { runCommandLine } from '../../src/console/program.ts'
import { startFixture, temporaryHome } from './fixtures/home.ts'
import { Screen } from './fixtures/screen.ts'

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

class Terminal extends PassThrough {
  readonly isTTY = true
}

/** A console whose screen can be looked at. `endpoint` of the fixture, so that no steward is looked for. */
async function openConsole(columns = 80) {
  const input = new Terminal()
  const output = new Screen(columns)
  const errors = new PassThrough()
  const told = text(errors)
  const environment = { BATOS_HOME: home.dir, TERM: 'xterm' }
  const ended = runCommandLine([], {
    environment,
    input,
    output,
    errors,
    ending: new AbortController().signal,
  })
  await output.shows((seen) => seen.endsWith('\n>') || seen === '>')
  const shows = (pattern: RegExp) => output.shows((seen) => pattern.test(seen))
  return {
    type: (keys: string) => void input.write(keys),
    shows,
    screen: output,
    leave: async () => {
      input.write('\u0004')
      const status = await ended
      errors.end()
      return { status, told: await told }
    },
  }
}

test('greets a new user, answers, and says on leaving that the daemon goes on', async () => {
  const console = await openConsole()
  assert.match(console.screen.text, /^BAT OS/)
  console.type("genesis greet: 'Ada'\r")
  await console.shows(/^Hello, Ada! {2}[\d.]+ ms\n>$/m)
  const { status, told } = await console.leave()
  assert.equal(status, 0)
  assert.match(told, /the daemon goes on; .*down stops it/)
})

test('a cycle shows its drafts, verdicts and trial above the line, and leaves no live line behind', async () => {
  const console = await openConsole()
  console.type('genesis double: 21\r')
  await console.shows(/^42 {2}[\d.]+ ms\n>$/m)
  assert.equal(
    console.screen.text.replace(/42 .*/, '42'),
    [
      '> genesis double: 21',
      '  draft 1',
      '    function double_(self, a) {',
      '      return a * 3;',
      '    }',
      '  ✗ guardian refused draft 1',
      '    reach 2:10 foo is not known here',
      '  draft 2',
      '    function double_(self, a) {',
      '      return a * 2;',
      '    }',
      '  ✓ guardian: nothing to object to',
      '  ✓ trial: answers as it should',
      '  ✓ committed tx:11',
      '42',
      '>',
    ].join('\n'),
  )
  await console.leave()
})

test('where several messages run, drafts stand under the line that they are about', async () => {
  const console = await openConsole()
  console.type('genesis wait\r')
  await console.shows(/DECOMPO/)
  console.type('genesis double: 21\r')
  await console.shows(/^42 {2}genesis double: 21 /m)
  assert.match(console.screen.text, /^genesis double: 21\n {2}draft 1\n.*committed tx:11\n42/ms)
  assert.equal(console.screen.text.match(/^genesis double: 21$/gm)?.length, 1)
  console.type(':cancel\r')
  await console.shows(/E_ABORTED/)
  await console.leave()
})

test('what arrives is printed above the line being typed, which stays with its cursor, also when it wraps', async () => {
  for (const columns of [80, 28]) {
    const console = await openConsole(columns)
    console.type('genesis wait\r')
    await console.shows(/DECOMPO/)
    console.type("genesis greet: 'Ada'\r")
    console.type("genesis greet: 'somebody else")
    await console.shows(/> genesis greet: 'somebody e\s?lse$/)
    console.type('\u001b[D\u001b[D')
    await console.shows(/Hello, Ada!/)
    console.type('X')
    await console.shows(/DECOMPO[^>]*> genesis greet: 'somebody e\s?lXse$/)
    console.type('\u0003')
    await console.shows(/\n>$/)
    console.type(':cancel\r')
    await console.shows(/E_ABORTED/)
    assert.equal(console.screen.text.match(/DECOMPO/g), null)
    await console.leave()
  }
})

test('a near miss is asked about; yes sends what was meant, no has a new method, and messages go on meanwhile', async () => {
  const console = await openConsole()
  console.type("genesis grete: 'Ada'\r")
  await console.shows(/did you mean greet:\? \[y\]es \/ \[n\]ew method \/ \[c\]ancel[^\n]*\ny\/n\/c >$/)
  console.type('genesis echo: 7\r')
  await console.shows(/^7 {2}/m)
  console.type('y\r')
  await console.shows(/^Hello, Ada! [^\n]*\n>$/m)
  console.type("genesis grete: 'Ada'\r")
  await console.shows(/y\/n\/c >$/)
  console.type('n\r')
  await console.shows(/^insisted [^\n]*\n>$/m)
  console.type("genesis grete: 'Ada'\r")
  await console.shows(/y\/n\/c >$/)
  console.type('c\r')
  await console.shows(/left as it is\n>$/)
  await console.leave()
})

test('a watch is begun, stopped, and ends quietly with the console', async () => {
  const console = await openConsole()
  for (const says of ['watching everybody', 'not watching any more', 'watching everybody']) {
    console.type(':watch\r')
    await console.shows(new RegExp(`^${says}[^\n]*\n>$`, 'm'))
  }
  const { status, told } = await console.leave()
  assert.equal(status, 0)
  assert.doesNotMatch(console.screen.text + told, /E_/)
})

test('commands, mistakes and completion', async () => {
  const console = await openConsole()
  // A Tab within pasted text is text; so each comes by itself.
  for (const keys of ['ge', '\t', ' gre', '\t']) console.type(keys)
  await console.shows(/> genesis greet:$/)
  console.type("'Bob'\r")
  await console.shows(/Hello, Bob!/)
  console.type('genesis double: )\r')
  await console.shows(/\n {2}genesis double: \)\n {18}\^/)
  console.type(':show genesis.add_\r')
  await console.shows(/witness {4}add: 2 => 5 given count = 3/)
  console.type(':hlep\r')
  await console.shows(/no command :hlep\n {2}did you mean :help\?/)
  console.type(':help\r')
  await console.shows(/:undo \[TX …\]/)
  console.type(':quit\r')
  await console.leave()
})

test('in approve mode each new method is asked about, and a refusal may say what should be different', async () => {
  const console = await openConsole()
  console.type(':approve\r')
  await console.shows(/each new method is shown/)
  console.type('genesis propose: 1\r')
  await console.shows(/install it\? \[y\]es \/ \[n\]o \/ n and what should be different[^\n]*\ny\/n >$/)
  console.type('y\r')
  await console.shows(/^true good +[\d.]+ m?s\n>$/m)
  console.type('genesis propose: 2\r')
  await console.shows(/y\/n >$/)
  console.type('n three times a\r')
  await console.shows(/^true bad three times a +[\d.]+ m?s\n>$/m)
  await console.leave()
})
