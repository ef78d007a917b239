// The process in which a training runs. An assert inside the tensor library ends a process without an exception;
// this one is made to be lost. It takes its settings over IPC, reports over IPC, and stops between two steps when it
// is told to or when its parent is gone; a run that stopped continues from its checkpoint.
import { batErrorOf } from '../base/errors.ts'
import { parseLoraSettings } from './lora-settings.ts'
import { runLora } from './lora-setup.ts'
import type { StartCommand, TrainerCommand, TrainingEvent } from './training-events.ts'
import { parseTrainingSettings } from './training-settings.ts'
import { runTraining } from './training-setup.ts'

let cancelled = false
// Resolved when the last report has left.
let said: Promise<void> = Promise.resolve()
const cancel = () => {
  cancelled = true
}

process.on('disconnect', cancel)
process.on('message', (command: TrainerCommand) => {
  if (command.kind === 'cancel') cancel()
  else void start(command)
})
// The parent decides: an interrupt from the terminal reaches both, and the parent answers it with `cancel`.
process.on('SIGINT', () => {})

async function start({ what, request }: StartCommand): Promise<void> {
  const hooks = { report, isCancelled: () => cancelled }
  try {
    if (what === 'full') await runTraining(parseTrainingSettings(request), hooks)
    else await runLora(parseLoraSettings(request), hooks)
  } catch (failure) {
    const { code, details } = batErrorOf(failure)
    report({ kind: 'failed', code, details: { ...details } })
    if (code === 'E_INTERNAL') console.error(failure)
  }
  process.off('disconnect', cancel)
  await said
  if (process.connected) process.disconnect()
}

function report(event: TrainingEvent): void {
  if (process.connected) said = new Promise((resolve) => process.send!(event, () => resolve()))
}
