import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { numberOf } from '../../src/base/ids.ts'
import { batos } from '../console/fixtures/home.ts'
import { ask, type Daemon, say, startDaemon } from './daemon.ts'

describe('the past', { timeout: 600_000 }, () => {
  let daemon: Daemon
  let first = 0
  // In what is typed and what is expected the transactions are counted from the first one here: `#1`, `#2`.
  const counted = (text: string) => text.replaceAll(/#(\d)/g, (_, n: string) => `tx:${first - 1 + Number(n)}`)
  const run = async (line: string) => {
    const { status, output, errors } = await batos(daemon.home, counted(line).split(' '))
    return { status, said: status === 0 ? output : errors }
  }
  const match = (said: string, wanted: RegExp, line?: string) =>
    assert.match(said, new RegExp(counted(wanted.source)), line)
  before(async () => {
    daemon = await startDaemon()
    const client = daemon.client()
    const { transaction } = await ask(client, "genesis clone_as: 'robot'") // #1
    first = numberOf(transaction!)
    await say(client, "robot.config = {port: 1, hosts: ['a', 'b']}") // #2
    await say(client, 'robot.count = 1') // #3
    await say(client, 'robot.count = 2') // #4
  })
  after(() => daemon.stop())

  it('is told with what to type where it was asked wrongly', async () => {
    const table: readonly (readonly [string, RegExp])[] = [
      ['at soon robot', /E_USAGE: soon is no moment\n.*write tx:12, 2h/],
      ['at #0 robot', /E_NO_OBJECT: .*robot\n.*not there yet at #0.*history robot/],
      ['at #2 robot.config.hots', /E_NO_SLOT: robot\.config has no slot hots/],
      ['at 99 robot', /E_NO_TRANSACTION: .*tx:99/],
      ['undo robot', /E_USAGE: robot is no transaction/],
    ]
    for (const [line, wanted] of table) {
      const { status, said } = await run(line)
      assert.notEqual(status, 0, line)
      match(said, wanted, line)
    }
  })

  // The same answers come from the running kernel, and from the image itself when none runs.
  for (const kernel of ['the running kernel', undefined]) {
    it(`is told by ${kernel ?? 'the image alone when none runs'}`, async () => {
      if (!kernel) await daemon.kill('SIGTERM')
      const table: readonly (readonly [string, RegExp])[] = [
        ['history robot', /#4 .*robot\.count = 2 +count\n.*#3[\s\S]*#2[\s\S]*#1/],
        ['history robot.count --limit 1', /^transaction.*\n#4 [^\n]*\n$/],
        ['history --from #2 --to #3', /^.*\n#3 [^\n]*\n#2 [^\n]*\n$/],
        ['history --user nobody', /nothing has happened/],
        ['at #3 robot', /^as of #3, .*\(owner: robot\.count = 1\)\nrobot, obj:\d+ [\s\S]* {2}count = 1\n/],
        ['at now robot.count', /\n2\n$/],
        ['at #2 robot.config.hosts.1', /\nb\n$/],
        ['diff robot', /^robot #3 → #4, .*\n- count = 1\n\+ count = 2\n$/],
        ['diff robot.config', /#1 → #2.*\n\+ config = /],
        ['diff robot #1 #3', /\n\+ config = .*\n\+ count = 1\n$/],
      ]
      for (const [line, wanted] of kernel ? table : table.filter((_, i) => i % 3 === 1)) {
        const { status, said } = await run(line)
        assert.equal(status, 0, `${line}: ${said}`)
        match(said, wanted, line)
      }
      const { slots } = JSON.parse((await run('diff robot --json')).said)
      assert.deepEqual(slots, [{ slot: 'count', before: 1, after: 2 }])
      match((await run('verify')).said, /sound/)
    })
  }

  it('is taken back with no kernel running: conflicts are named, and an undo can be undone', async () => {
    const { said } = await run('undo #3')
    match(said, /#3 cannot be undone: robot\.count changed again in #4/)
    match(said, /undo #4 #3\n.*undo #3 --keep robot/)
    match((await run('undo #3 #4')).said, /#3 .* #4 .* are undone, by #5/)
    match((await run('undo #5')).said, /#5 .* is undone, by #6/)
    await daemon.restart()
    assert.equal(await say(daemon.client(), 'robot.count'), 2)
    match((await run('undo')).said, /#4 .* is undone, by #7/)
    assert.equal(await say(daemon.client(), 'robot.count'), 1)
  })

  it('is looked through by the console in the same words', async () => {
    const input = counted(':at #4 robot.count\n:diff robot.count #3 #4\n:history robot.config\n:at robot\n')
    const { output, errors } = await batos(daemon.home, [], { input })
    match(output, /^as of #4.*\n2\nrobot #3 → #4.*\n- count = 1\n\+ count = 2\ntransaction/)
    assert.match(errors, /E_USAGE: line 4: :at of what\?/)
  })
})
