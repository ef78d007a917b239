import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, test } from 'node:test'
import { openNotify } from '../../steward/notify.ts'
import { until } from './until.ts'

const folder = mkdtempSync(join(tmpdir(), 'batos-notify-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const record = join(folder, 'told')

// The program that carries the messages, written down instead of sent to a systemd that is not there.
writeFileSync(join(folder, 'systemd-notify'), `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> '${record}'\n`, {
  mode: 0o755,
})
const environment = {
  PATH: `${folder}${delimiter}${process.env.PATH}`,
  NOTIFY_SOCKET: '/run/notify',
  WATCHDOG_USEC: '40000',
}
const told = (): string => {
  try {
    return readFileSync(record, 'utf8')
  } catch {
    return ''
  }
}

test('tells systemd when it is ready and stopping, and that it lives', async () => {
  const faults: string[] = []
  const notify = openNotify(environment, (fault) => faults.push(fault))
  const self = `/run/notify --pid=${process.pid}`
  notify.ready('kernel 7 is up')
  await until('READY=1', () => told().includes(`${self} READY=1 STATUS=kernel 7 is up\n`))
  await until('two signs of life', () => told().split('WATCHDOG=1').length > 2)
  notify.stopping()
  await until('STOPPING=1', () => told().includes(`${self} STOPPING=1\n`))
  notify.close()
  assert.deepEqual(faults, [])
})

test('says once that systemd cannot be told, and says nothing where there is none', async () => {
  const faults: string[] = []
  const notify = openNotify({ PATH: folder.concat('-not'), NOTIFY_SOCKET: 'x' }, (fault) =>
    faults.push(fault),
  )
  notify.ready('')
  await until('the fault', () => faults.length > 0)
  assert.match(faults[0] as string, /systemd-notify/)
  openNotify({ PATH: '' }, () => assert.fail('told')).ready('')
})
