// What the image knows of its experts: how they were made, and those of the past, by their digests.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { takeIn } from '../../kernel/expert-intake.ts'
import { dropExpert, type Expert, expertMeta, putExpert } from '../../kernel/experts.ts'
import { adapterEver } from '../../kernel/experts-past.ts'
import { openWorld } from '../../kernel/genesis.ts'
import { expertList } from '../../kernel/tasks/expert-list.ts'
import { homeOf } from '../../src/base/home.ts'
import { sha256OfFile } from '../../src/mind/file-digest.ts'
import { freshFolder, freshImage } from '../image/fresh-image.ts'
import { tinyAdapter, tinyModel, writeModel } from '../mind/tiny-model.ts'

test('finds an adapter by its digest after its expert was dropped, or its name given anew', async (context) => {
  const { image } = await freshImage(context)
  await openWorld(image)
  const folder = await freshFolder(context)
  const put = async (content: string): Promise<Expert> => {
    const file = join(folder, 'adapter')
    writeFileSync(file, content)
    const expert = { persona: 'BRICK', name: 'BRICK_2', base: 'm'.repeat(64), rank: 2, alpha: 2 }
    const { value } = await image.transact({ user: 'ada', meta: expertMeta(expert) }, async (transaction) => {
      const blob = await transaction.importBlob({ file })
      const whole = { ...expert, blob, source: 'adapter', added: 0, provenance: {} }
      putExpert(transaction, whole)
      return whole
    })
    return value
  }
  const first = await put('one')
  const second = await put('two')
  await image.transact({ user: 'ada', meta: expertMeta(second) }, (transaction) =>
    dropExpert(transaction, second, 1),
  )
  for (const { blob } of [first, second])
    assert.equal((await adapterEver(image, blob.sha256))?.sha256, blob.sha256)
  assert.equal(await adapterEver(image, '0'.repeat(64)), undefined)
})

test('lists how an adapter was trained, and what was held out', async (context) => {
  const { image, clock } = await freshImage(context)
  await openWorld(image)
  const folder = await freshFolder(context)
  const [model, file, heldOut] = ['model.gguf', 'BRICK_2.gguf', 'BRICK_2.jsonl'].map((name) =>
    join(folder, name),
  ) as [string, string, string]
  writeModel(model, tinyModel())
  const base = { path: model, sha256: await sha256OfFile(model) }
  const adapter = tinyAdapter()
  const training = { base: base.sha256, steps: 12 }
  adapter.metadata.set('batos.training', { type: 'str', value: JSON.stringify(training) })
  writeModel(file, adapter)
  writeFileSync(heldOut, '{}')
  const arrival = { entry: 'BRICK_2.gguf', kind: 'gguf', file } as const
  await takeIn(arrival, { image, clock, base, scratch: folder, heldOut })
  assert.ok(expertList.on === 'image')
  const { result } = await expertList.start(
    image,
    {},
    {
      ...{ home: homeOf(folder), clock, signal: new AbortController().signal },
      changeMind: () => Promise.reject(new Error('nothing changes the mind here')),
      onProgress: () => {},
    },
  )
  const [expert] = result.experts as { name: string; provenance: object }[]
  assert.equal(expert?.name, 'BRICK_2')
  assert.deepEqual(expert.provenance, { training, held_out: await sha256OfFile(heldOut) })
})
