import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import type { PlainObject } from '../../src/base/value.ts'
import { requestOffline } from '../../src/console/offline.ts'
import { openImage } from '../../src/image/open.ts'
import type { RequestBody } from '../../src/protocol/messages.ts'
import { batos, preparedHome } from './fixtures/home.ts'

const home = await preparedHome()
await (await openImage({ dir: home.image, clock: systemClock })).close()

const task = (name: string, settings: PlainObject = {}): RequestBody => ({
  command: 'maintain',
  options: { task: name, settings },
})

test('a task on the image is carried out with no kernel running, and its options are checked', async () => {
  const done = (await requestOffline(home, task('verify'))) as { status: number; text: string }
  assert.equal(done.status, 0)
  assert.match(done.text, /sound/)
  await assert.rejects(requestOffline(home, task('verify', { deep: 1 })), {
    code: 'E_USAGE',
    message: /deep/,
  })
  await assert.rejects(requestOffline(home, task('verfy')), { code: 'E_USAGE', message: /no task verfy/ })
  await assert.rejects(requestOffline(home, { command: 'metrics' }), { code: 'E_NOT_RUNNING' })
})

test('a task on the image ends early when it is cancelled, and says so', async () => {
  const ran = await batos(home, ['verify'], { ending: AbortSignal.abort() })
  assert.equal(ran.status, 1)
  assert.match(ran.errors, /E_ABORTED: verify was cancelled/)
  const checked = await batos(home, ['model', 'verify'], { ending: AbortSignal.abort() })
  assert.match(checked.errors, /E_ABORTED: model verify was cancelled/)
})

test('an image that a process has open is left to it, and that process is named', async () => {
  const image = await openImage({ dir: home.image, clock: systemClock })
  try {
    const pid = new RegExp(`process ${process.pid}\\b`)
    await assert.rejects(requestOffline(home, task('verify')), { code: 'E_IMAGE_LOCKED', message: pid })
  } finally {
    await image.close()
  }
})
