// A model file after a power cut: what a process did to the disk is recorded, and the disk is laid down as it may be then.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { layDown } from '../../scripts/torture/lost-writes.ts'
import { readRecording, recorded, recordingMissing } from '../../scripts/torture/recording.ts'
import { siblingModule } from '../../src/base/sibling-module.ts'
import { readGgufHeader, readTensorFloats } from '../../src/mind/gguf.ts'

test('a written model outlives a power cut, and the one before it is whole until then', (t) => {
  const missing = recordingMissing()
  if (missing !== undefined) return t.skip(missing)
  const scene = mkdtempSync(join(tmpdir(), 'batos-cut-'))
  t.after(() => rmSync(scene, { recursive: true, force: true }))
  const [folder, log] = [join(scene, 'made'), join(scene, 'log')]
  mkdirSync(folder)
  const program = fileURLToPath(siblingModule(import.meta.url, './write-twice'))
  const [command, ...args] = recorded(log, [process.execPath, program, join(folder, 'x.gguf')])
  const { status, stderr } = spawnSync(command!, args, { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  const events = readRecording(log, folder)
  let cuts = 0
  // 0: nothing is left that was not synced; 1: all of it is
  for (const share of [0, 1 - 2 ** -20])
    for (let at = 0; at <= events.length; at++) {
      const target = join(scene, `cut-${share}-${at}`)
      mkdirSync(target)
      const { said } = layDown(events, { folder, target, at, random: () => share })
      if (said === '') continue
      const path = join(target, 'x.gguf')
      const [value] = readTensorFloats(path, readGgufHeader(path).tensors.get('x')!)
      assert.ok(said === '12' ? value === 2 : value === 1 || value === 2, `${value} after ${said}`)
      cuts++
    }
  assert.ok(cuts > 8)
})
