// Where a training runs: on the GPU where there is one that can do all of it, otherwise on the CPU, which is said aloud.
// A GPU that was asked for by name is a refusal when it is not there, has no room, or computes wrong gradients; one that does
// not know an operation is not.
import { BatError } from '../base/errors.ts'
import type { TrainingHooks } from './training-run.ts'

export type DeviceKind = 'cpu' | 'gpu'

export interface DeviceChoice {
  readonly asked: 'auto' | DeviceKind
  /** What the GPU calls itself; undefined where there is none. */
  readonly gpu: string | undefined
  readonly report: TrainingHooks['report']
}

/**
 * What `attempt` prepares on the first device that can. It throws E_TRAINER_UNAVAILABLE when the device does not know an
 * operation, E_TRAINER_MEMORY when it has no room, E_TRAINER_GRADIENTS when it computes wrong.
 */
export async function onDevice<T>(
  { asked, gpu, report }: DeviceChoice,
  attempt: (device: DeviceKind) => Promise<T>,
): Promise<T> {
  if (asked === 'gpu' && gpu === undefined)
    throw new BatError('E_TRAINER_SETTINGS', { path: 'device', problem: 'there is no GPU here to train on' })
  if (asked === 'cpu' || gpu === undefined) return attempt('cpu')
  try {
    return await attempt('gpu')
  } catch (thrown) {
    if (!(thrown instanceof BatError)) throw thrown
    const { code, message, details } = thrown
    const isUnknown = code === 'E_TRAINER_UNAVAILABLE'
    const isUnfit = code === 'E_TRAINER_MEMORY' || code === 'E_TRAINER_GRADIENTS'
    if (!isUnknown && !(isUnfit && asked === 'auto')) throw thrown
    const why = isUnknown ? String(details.reason) : message
    report({ kind: 'notice', text: `${gpu}: ${why}: training goes on on the CPU` })
    return attempt('cpu')
  }
}
