// Backing up and restoring on the command line: by the running kernel, and on the image alone.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { batos } from '../console/fixtures/home.ts'
import { type Daemon, say, startDaemon } from './daemon.ts'

const folder = mkdtempSync(join(tmpdir(), 'batos-backup-'))
const to = join(folder, 'backup')
let daemon: Daemon

const run = (...args: string[]) => batos(daemon.home, args)

before(async () => {
  daemon = await startDaemon()
})
after(async () => {
  await daemon.stop()
  rmSync(folder, { recursive: true })
})

test('backs up while the kernel runs, and restores when it is down, keeping the image that was there', {
  timeout: 600_000,
}, async () => {
  await say(daemon.client(), 'genesis.count = 1')
  const backedUp = await run('backup', to, '--verify')
  assert.equal(backedUp.status, 0, backedUp.errors)
  assert.match(backedUp.output, /^backed up to .*, up to tx:\d+: .*, read once more and whole\n$/)
  await say(daemon.client(), 'genesis.count = 2')
  const busy = await run('restore', to)
  assert.equal(busy.status === 0, false)
  assert.match(busy.errors, /E_KERNEL_IS_UP/)
  await daemon.kill('SIGTERM')
  const over = await run('restore', to)
  assert.equal(over.status, 1)
  assert.match(over.errors, /E_IMAGE_EXISTS: .*\n.*restore .* --force/)
  const restored = await run('restore', to, '--force', '--json')
  assert.equal(restored.status, 0, restored.errors)
  const { kept, faults } = JSON.parse(restored.output)
  assert.deepEqual(faults, [])
  assert.ok(readdirSync(kept).includes('data.mdb'))
  assert.match((await run('verify', '--quick')).output, /: sound\n$/)
  await daemon.restart()
  assert.equal(await say(daemon.client(), 'genesis.count'), 1)
})

test('says what is wrong with a backup, and with the folder for one', { timeout: 600_000 }, async () => {
  const manifest = join(to, 'manifest.json')
  const text = readFileSync(manifest, 'utf8')
  rmSync(manifest)
  writeFileSync(manifest, text.replace('tx:', 'tx:9'))
  await daemon.kill('SIGTERM')
  const damaged = await run('restore', to, '--force')
  assert.equal(damaged.status, 1)
  assert.match(damaged.errors, /E_BACKUP_DAMAGED: .*manifest\.json: its sum is wrong/)
  const nowhere = await run('restore', join(folder, 'nowhere'), '--force')
  assert.match(nowhere.errors, /E_NO_BACKUP: .*nowhere/)
  const elsewhere = await run('backup', tmpdir())
  assert.match(elsewhere.errors, /E_BACKUP_FOLDER: .*\n {2}name an empty or a new folder/)
})
