// `batos forge train DATA`: an adapter from conversations, trained in a process of its own beside whatever runs, with no
// need of the image. What the settings of the training mean, and their defaults, is in src/forge/lora-settings.ts.
import { mkdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { durationOf } from '../../src/base/amounts.ts'
import { loadConfig } from '../../src/base/config.ts'
import { trainAdapter } from '../../src/forge/trainer.ts'
import type { TrainingEvent } from '../../src/forge/training-events.ts'
import { sha256OfFile } from '../../src/mind/file-digest.ts'
import { readGgufHeader } from '../../src/mind/gguf.ts'
import { validateAdapter } from '../../src/mind/validate-model.ts'
import { adapterNameOf } from '../adapter-name.ts'
import { type Around, imageTask } from '../image-task.ts'
import { seedPath } from '../models.ts'

type Started = Extract<TrainingEvent, { kind: 'started' }>

export const forgeTrain = imageTask({
  on: 'folder',
  options: z.looseObject({
    data: z.string().min(1),
    /** The model of the home's settings, else the seed mind. */
    base: z.string().min(1).optional(),
    /** `lora_adapters/<PERSONA>_<name of the data>.gguf` of the home. */
    out: z.string().min(1).optional(),
    /** Whose it will be, where the name of the data does not tell. */
    persona: z.string().min(1).optional(),
    // The rest is the trainer's to check.
  }),
  run: async (_, { data, base, out, persona, ...settings }, around) => {
    const { home, signal } = around
    const output = out ?? join(home.adapters, `${adapterNameOf(data, persona)}.gguf`)
    const model = base ?? (await loadConfig(home.config)).model.path ?? seedPath
    await mkdir(dirname(output), { recursive: true })
    let started: Started | undefined
    const notices: string[] = []
    const log: { step: number; loss: number; rate: number }[] = []
    const onEvent = (event: TrainingEvent) => {
      if (event.kind === 'started') {
        started = event
        const { device, memoryMb } = event
        note(around, `on ${device}; it needs ${memoryMb.toLocaleString('en')} MB of memory`)
      } else if (event.kind === 'notice') {
        notices.push(event.text)
        note(around, event.text)
      } else if (event.kind === 'progress') {
        tell(around, event)
        if (event.logged) log.push({ step: event.step, loss: event.loss, rate: event.rate })
      }
    }
    const request = { ...settings, base: model, data, output, name: basename(output, '.gguf') }
    const { step, seconds, tokens, documents } = await trainAdapter(request, { onEvent, signal })
    const { rank, alpha } = validateAdapter(output, readGgufHeader(model))
    return {
      ...{ output, base: model, sha256: await sha256OfFile(output), rank, alpha, notices, log },
      ...{ device: started?.device, parameters: started?.parameters, memoryMb: started?.memoryMb },
      gradientDifference: started?.gradientDifference,
      ...{ leftOut: started?.tooLong ?? 0, steps: step, seconds, tokens, documents },
    }
  },
  text: ({ output, log, leftOut, steps, seconds, tokens, documents }) =>
    [
      ...(leftOut > 0 ? [`${leftOut} documents were too long and are left out`] : []),
      ...log.map(
        ({ step, loss, rate }) => `step ${step}  loss ${loss.toFixed(4)}  rate ${rate.toExponential(1)}`,
      ),
      `${output}: ${steps} steps, ${documents.toLocaleString('en')} documents, ${tokens.toLocaleString('en')} tokens in ` +
        durationOf(seconds),
    ].join('\n'),
})

const note = ({ onProgress }: Around, text: string): void => onProgress({ what: 'note', done: 0, note: text })

function tell({ onProgress }: Around, event: Extract<TrainingEvent, { kind: 'progress' }>): void {
  const rate = Math.round(event.tokensPerSecond).toLocaleString('en')
  const left = event.secondsLeft > 0 ? `, ${durationOf(event.secondsLeft)} left` : ''
  onProgress({
    what: `loss ${event.loss.toFixed(3)}, ${rate} tokens/s${left}, step`,
    done: event.step,
    ...(event.steps === undefined ? {} : { total: event.steps }),
  })
}
