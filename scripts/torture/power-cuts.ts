// Power cuts: a writer is recorded, and for moments of the recording the disk is laid down as a power cut might have left
// it (lost-writes.ts); the image on it must hold all that the writer had acknowledged by that moment.
import { join } from 'node:path'
import { integer } from '../seed/random.ts'
import { checkImage } from './check.ts'
import { type Heard, hear, Writer, writerCommand } from './child.ts'
import { layDown } from './lost-writes.ts'
import { type DiskEvent, readRecording, recorded, recordingMissing } from './recording.ts'
import type { Counts, Trial, TrialOptions } from './trial.ts'
import type { Work } from './writer.ts'

/** Moments looked at of each recording. */
const CUTS = 100

export const powerCuts: Trial = {
  name: 'power',
  title: 'power cuts that drop writes after the last sync',
  rounds: { long: 2000, short: 25 },
  missing: recordingMissing,
  run: cuts,
}

async function cuts({ folder, seed, random, rounds, tell }: TrialOptions): Promise<Counts> {
  let [acknowledged, ahead, recordings] = [0, 0, 0]
  let [events, work]: [DiskEvent[], Work | undefined] = [[], undefined]
  for (let round = 0; round < rounds; round++) {
    if (round % CUTS === 0) {
      work = {
        dir: join(folder, `${round}`),
        seed: seed + round,
        lanes: ['one', 'two'],
        files: recordings % 2 === 0,
        pack: recordings % 3 === 2,
        steps: 12,
      }
      events = await record(work, join(folder, 'log'))
      recordings++
    }
    const target = join(folder, 'cut')
    const at = integer(random, 1, events.length)
    const { said } = layDown(events, { folder: work!.dir, target, at, random })
    const heard: Heard = { acknowledged: new Map(), said: [] }
    for (const line of said.split('\n')) hear(heard, line)
    const checked = await checkImage({ ...work!, dir: target }, heard.acknowledged, { random, past: 1 })
    for (const count of heard.acknowledged.values()) acknowledged += count
    ahead += checked.ahead
    tell(round + 1)
  }
  return {
    'power cuts': rounds,
    recordings,
    'acknowledged transactions looked for': acknowledged,
    'committed but not yet acknowledged': ahead,
  }
}

async function record(work: Work, log: string): Promise<DiskEvent[]> {
  const writer = new Writer(recorded(log, writerCommand()))
  await writer.work(work)
  await writer.ended()
  return readRecording(log, work.dir)
}
