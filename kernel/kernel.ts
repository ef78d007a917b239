// What the kernel's commands work with. It is put together in compose.ts and handed in; nothing here reaches for a global.
import type { Clock } from '../src/base/clock.ts'
import type { Config } from '../src/base/config.ts'
import type { Home } from '../src/base/home.ts'
import type { Invoke } from '../src/cognition/invoke.ts'
import type { World } from '../src/cognition/thought.ts'
import type { Image } from '../src/image/image.ts'
import type { AuditTrail } from '../src/metacognition/audit-trail.ts'
import type { Metrics } from '../src/metacognition/metrics.ts'
import type { EngineStatus, Inference } from '../src/mind/inference.ts'
import type { Approvals } from './approvals.ts'
import type { ExpertOffice } from './expert-office.ts'
import type { LoopDelay } from './loop-delay.ts'
import type { Maintenance } from './maintenance.ts'
import type { Missions } from './missions.ts'
import type { Chosen } from './models.ts'
import type { Standing } from './standing.ts'
import type { Watchers } from './watchers.ts'

export interface Kernel {
  readonly home: Home
  readonly config: Config
  readonly clock: Clock
  readonly image: Image
  readonly world: World
  readonly invoke: Invoke
  readonly engine: Inference
  readonly experts: ExpertOffice
  /** Has another model think from now on. Throws E_MODEL_NOT_TAKEN: then it is the same as before. */
  readonly changeMind: (chosen: Chosen, signal: AbortSignal) => Promise<EngineStatus>
  readonly trail: AuditTrail
  readonly metrics: Metrics
  readonly loop: LoopDelay
  readonly missions: Missions
  readonly watchers: Watchers
  readonly maintenance: Maintenance
  readonly approvals: Approvals
  readonly standing: Standing
  /** Version and digest of the running code, so that a probe can tell one vessel from another. */
  readonly build: string
  /** Asks the process to stop. */
  readonly stop: () => void
}
