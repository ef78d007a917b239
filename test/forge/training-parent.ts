// A process that trains what it is told and hands on what it hears; the test that forks it kills it.
import { train } from '../../src/forge/trainer.ts'
import type { TrainingRequest } from '../../src/forge/training-settings.ts'

process.on('message', (request: TrainingRequest) => {
  void train(request, { onEvent: (event) => process.send!(event) })
})
