import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Client } from '../../src/protocol/client.ts'
import { batos } from '../console/fixtures/home.ts'
import { type Daemon, say, startDaemon } from './daemon.ts'

describe('the past', { timeout: 120_000 }, () => {
  let daemon: Daemon
  let client: Client
  const run = async (...args: string[]) => {
    const { status, output, errors } = await batos(daemon.home, args)
    return { status, said: status === 0 ? output : errors }
  }
  before(async () => {
    daemon = await startDaemon()
    client = daemon.client()
    await say(client, "genesis clone_as: 'robot'") // tx:2
    await say(client, "robot.config = {port: 1, hosts: ['a', 'b']}") // tx:3
    await say(client, 'robot.count = 1') // tx:4
    await say(client, 'robot.count = 2') // tx:5
  })
  after(() => daemon.stop())

  it('is told with what to type where it was asked wrongly', async () => {
    const table: readonly (readonly [string, RegExp])[] = [
      ['at soon robot', /E_USAGE: soon is no moment\n.*write tx:12, 2h/],
      ['at 1 robot', /E_NO_OBJECT: .*robot\n.*not there yet at tx:1.*history robot/],
      ['at 3 robot.config.hots', /E_NO_SLOT: robot\.config has no slot hots/],
      ['at 99 robot', /E_NO_TRANSACTION: .*tx:99/],
      ['undo robot', /E_USAGE: robot is no transaction/],
    ]
    for (const [line, wanted] of table) {
      const { status, said } = await run(...line.split(' '))
      assert.notEqual(status, 0, line)
      assert.match(said, wanted, line)
    }
  })

  // The same answers come from the running kernel, and from the image itself when none runs.
  for (const kernel of ['the running kernel', undefined]) {
    it(`is told by ${kernel ?? 'the image alone when none runs'}`, async () => {
      if (!kernel) await daemon.kill('SIGTERM')
      const table: readonly (readonly [string, RegExp])[] = [
        ['history robot', /tx:5 .*robot\.count = 2 +count\n.*tx:4[\s\S]*tx:3[\s\S]*tx:2/],
        ['history robot.count --limit 1', /^transaction.*\ntx:5 [^\n]*\n$/],
        ['history --from 3 --to tx:4', /^.*\ntx:4 [^\n]*\ntx:3 [^\n]*\n$/],
        ['history --user nobody', /nothing has happened/],
        ['at 4 robot', /^as of tx:4, .*\(owner: robot\.count = 1\)\nrobot, obj:\d+ [\s\S]* {2}count = 1\n/],
        ['at now robot.count', /\n2\n$/],
        ['at tx:3 robot.config.hosts.1', /\nb\n$/],
        ['diff robot', /^robot tx:4 → tx:5, .*\n- count = 1\n\+ count = 2\n$/],
        ['diff robot.config', /tx:2 → tx:3.*\n\+ config = /],
        ['diff robot 2 4', /\n\+ config = .*\n\+ count = 1\n$/],
      ]
      for (const [line, wanted] of kernel ? table : table.filter((_, i) => i % 3 === 1)) {
        const { status, said } = await run(...line.split(' '))
        assert.equal(status, 0, `${line}: ${said}`)
        assert.match(said, wanted, line)
      }
      const { slots } = JSON.parse((await run('diff', 'robot', '--json')).said)
      assert.deepEqual(slots, [{ slot: 'count', before: 1, after: 2 }])
      assert.match((await run('verify')).said, /sound/)
    })
  }

  it('is taken back with no kernel running: conflicts are named, and an undo can be undone', async () => {
    const refused = await run('undo', '4')
    assert.match(refused.said, /tx:4 cannot be undone: robot\.count changed again in tx:5/)
    assert.match(refused.said, /undo tx:5 tx:4\n.*undo tx:4 --keep robot/)
    assert.match((await run('undo', '4', '5')).said, /tx:4 .* tx:5 .* are undone, by tx:6/)
    assert.match((await run('undo', '6')).said, /tx:6 .* is undone, by tx:7/)
    await daemon.restart()
    assert.equal(await say(daemon.client(), 'robot.count'), 2)
    assert.match((await run('undo')).said, /tx:5 .* is undone, by tx:8/)
    assert.equal(await say(daemon.client(), 'robot.count'), 1)
  })

  it('is looked through by the console in the same words', async () => {
    const { output, errors } = await batos(daemon.home, [], {
      input: ':at tx:5 robot.count\n:diff robot.count tx:4 tx:5\n:history robot.config\n:at robot\n',
    })
    assert.match(output, /^as of tx:5.*\n2\nrobot tx:4 → tx:5.*\n- count = 1\n\+ count = 2\ntransaction/)
    assert.match(errors, /E_USAGE: line 4: :at of what\?/)
  })
})
