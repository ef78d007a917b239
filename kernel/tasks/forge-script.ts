// `batos forge script DATA --model NAME`: the training that `forge train` would do, as a Python program for a model that is too
// large for this machine, with the command that has it run where it is not.
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { readDocuments } from '../../src/forge/documents.ts'
import { jobCommand } from '../../src/forge/job-command.ts'
import { defaultRate, parseLoraSettings } from '../../src/forge/lora-settings.ts'
import { trlScript } from '../../src/forge/trl-script.ts'
import { sha256OfFile } from '../../src/mind/file-digest.ts'
import { adapterNameOf } from '../adapter-name.ts'
import { imageTask } from '../image-task.ts'

/** What the model is taken to be where the rate is not given: large. */
const WIDTH = 4096

export const forgeScript = imageTask({
  on: 'folder',
  options: z.looseObject({
    data: z.string().min(1),
    model: z.string().min(1),
    /** `<data>.py` beside the data. */
    out: z.string().min(1).optional(),
    job: z.string().min(1).default('here'),
    /** Whose adapter it will be, where the name of the data does not tell. */
    persona: z.string().min(1).optional(),
    // The rest is the trainer's to check.
  }),
  run: async (_, { data, model, out, job, persona, ...settings }, { home }) => {
    const name = adapterNameOf(data, persona)
    const script = out ?? data.replace(/(\.jsonl?)?$/, '.py')
    const result = join(home.adapters, name)
    const command = jobCommand(job, { script, data, out: result, name })
    const checked = parseLoraSettings({ ...settings, base: model, data, output: result, name })
    let documents = 0
    for await (const _ of readDocuments(data)) documents++
    const text = trlScript({
      model,
      data: { file: data, sha256: await sha256OfFile(data), documents },
      out: result,
      settings: { ...checked, rate: checked.rate ?? defaultRate(WIDTH) },
    })
    await mkdir(dirname(script), { recursive: true })
    await writeFile(script, text)
    await chmod(script, 0o755)
    return { script, documents, adapter: result, command }
  },
  text: ({ script, documents, adapter, command }) =>
    [
      `${script}: ${documents.toLocaleString('en')} documents; its result goes to ${adapter}, where it is taken in`,
      `check it with:  python3 ${script} --dry-run`,
      `run it with:    ${command}`,
    ].join('\n'),
})
