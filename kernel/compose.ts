// The only place where the kernel's parts are made and handed to each other. Each start adds its stop; they run in
// reverse: missions end or are left pending while their clients can still be told, then the socket closes, then the
// processes and threads, the trail, and the image last.
import { readFileSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, systemClock } from '../src/base/clock.ts'
import { loadConfig } from '../src/base/config.ts'
import { type Home, homeOf, prepareHome } from '../src/base/home.ts'
import type { Logger } from '../src/base/log.ts'
import { modelRemedy } from '../src/base/model-remedy.ts'
import { packageRoot } from '../src/base/package-root.ts'
import { Teardown } from '../src/base/teardown.ts'
import { makeDrafting, TEMPLATE_NAMES } from '../src/cognition/drafting.ts'
import { makeInvoke } from '../src/cognition/invoke.ts'
import { outcomeOf } from '../src/cognition/pending.ts'
import { makeThink } from '../src/cognition/think.ts'
import type { Faculties } from '../src/cognition/thought.ts'
import { probationLimits } from '../src/forge/probation.ts'
import type { MigrationProgress } from '../src/image/migration.ts'
import { openImage } from '../src/image/open.ts'
import { openAuditTrail } from '../src/metacognition/audit-trail.ts'
import { Metrics } from '../src/metacognition/metrics.ts'
import type { EngineEvent } from '../src/mind/engine.ts'
import { Seat } from '../src/mind/seat.ts'
import { readTemplates } from '../src/mind/template-files.ts'
import { openKeys } from '../src/protocol/keys.ts'
import type { ExpertEvent } from '../src/protocol/messages.ts'
import { startSandbox } from '../src/sandbox/sandbox.ts'
import { Approvals } from './approvals.ts'
import { candidateFor } from './candidates.ts'
import { makeCommands } from './commands.ts'
import { Desk } from './desk.ts'
import { sendKnown } from './dispatch.ts'
import { type ExpertOffice, openExpertOffice } from './expert-office.ts'
import { codicesOf, openWorld } from './genesis.ts'
import { keepHouse } from './housekeeping.ts'
import type { Kernel } from './kernel.ts'
import { watchLoop } from './loop-delay.ts'
import { Maintenance } from './maintenance.ts'
import { Missions } from './missions.ts'
import { type Chosen, chosenIn } from './models.ts'
import { packAtIdleTimes } from './packing.ts'
import { Probation } from './probation.ts'
import { startRouter } from './router.ts'
import { Standing } from './standing.ts'
import { Watchers } from './watchers.ts'
import { watchWitnesses } from './witnesses.ts'

/** How long running cycles may go on after a stop was asked for, in milliseconds. */
const GRACE_MS = 20_000
const MIGRATION_TELL_MS = 2000

export interface RunningKernel {
  readonly kernel: Kernel
  readonly endpoint: string
  readonly stop: () => Promise<void>
}

/** Opens the home `dir` and serves it. Whatever was opened is closed again when a later step fails. */
export async function startKernel(dir: string, log: Logger, requestStop: () => void): Promise<RunningKernel> {
  const teardown = new Teardown()
  try {
    return await compose(homeOf(dir), log, requestStop, teardown)
  } catch (thrown) {
    await teardown.run().catch((failure) => log.error({ err: failure }, 'while closing after a failed start'))
    throw thrown
  }
}

async function compose(
  home: Home,
  log: Logger,
  requestStop: () => void,
  teardown: Teardown,
): Promise<RunningKernel> {
  await prepareHome(home)
  const config = await loadConfig(home.config)
  const clock = systemClock
  const keys = openKeys(home.keys)
  const image = await openImage({
    dir: home.image,
    clock,
    cacheMb: config.image.cacheMb,
    onMigration: tellMigration(log, clock),
  })
  teardown.add(() => image.close())
  const world = await openWorld(image)
  const trail = await openAuditTrail(home.auditFile, clock)
  teardown.add(() => trail.stop())
  const limits = { ...probationLimits, missions: config.forge.probation }
  const probation = new Probation({ image, clock, log, limits })
  teardown.add(() => probation.settled())
  let experts: ExpertOffice | undefined
  const onEngine = (event: EngineEvent) => {
    log.info({ engine: event.kind, ...('how' in event ? { how: event.how } : {}) }, 'engine')
    if (event.kind === 'shunned') probation.shunned(event.adapter, event.reason.message)
    experts?.heard(event)
  }
  const candidate = (chosen: Chosen) =>
    candidateFor(chosen, { config, image, environment: process.env, onEvent: onEngine })
  const engine = new Seat(candidate(chosenIn(image.now())))
  teardown.add(() => engine.stop())
  const metrics = new Metrics()
  const watchers = new Watchers(image)
  teardown.add(() => watchers.stop())
  const tell = (event: ExpertEvent) => watchers.tellOfExpert(event)
  const office = await openExpertOffice({ home, config, image, engine, metrics, clock, log, tell })
  teardown.add(() => office.stop())
  experts = office
  const sandbox = await startSandbox({
    imageDir: home.image,
    limits: config.sandbox,
    workers: config.sandbox.workers,
  })
  teardown.add(() => sandbox.stop())

  const allocate = (count: number) => image.allocate(count)
  const invoke = makeInvoke({ sandbox, allocate, clock, frozen: world.frozen })

  const loop = watchLoop()
  teardown.add(() => loop.stop())
  const maintenance = new Maintenance()
  const templates = readTemplates(TEMPLATE_NAMES)
  const codices = codicesOf(image)
  const compact = makeDrafting({ templates, profile: 'compact', codices })
  const full = makeDrafting({ templates, profile: 'full', codices })
  const think = makeThink((request, options) => office.desk.infer(request, options))
  const prefetch = (personas: readonly string[]) =>
    void office.desk.prefetch(personas).catch((failure) => log.warn({ err: failure }, 'experts'))
  const approvals = new Approvals()
  const standing = new Standing(image, log)
  teardown.add(() => standing.settled())
  const faculties: Faculties = {
    ...{ image, invoke, think, prefetch, world, clock },
    approval: (cycle, signal) => approvals.wait(cycle, signal),
    get drafting() {
      return engine.candidate.profile === 'compact' ? compact : full
    },
    get tries() {
      return config.cycles.tries ?? this.drafting.tries
    },
  }
  const missions = new Missions({
    faculties,
    trail,
    metrics,
    watchers,
    follow: () => probation.follow(),
    clock,
    ...(config.cycles.withoutModel === 'wait' ? { mind: engine } : {}),
    remedy: () =>
      modelRemedy(config.model, engine.status().state) ?? 'batos model use NAME has another think',
    concurrent: config.cycles.concurrent,
    timeoutMs: config.cycles.timeoutMs,
    sendKnown: (mission) => sendKnown(kernel, mission),
  })
  const kernel: Kernel = {
    home,
    config,
    clock,
    image,
    world,
    invoke,
    engine,
    experts: office,
    changeMind: (chosen, signal) => engine.change(candidate(chosen), signal),
    trail,
    metrics,
    loop,
    missions,
    watchers,
    maintenance,
    approvals,
    standing,
    build: buildId(),
    stop: requestStop,
  }

  const desk = new Desk({
    command: makeCommands(kernel),
    clock,
    rejoin: (request, observe) => missions.waitingFor(request, observe),
    recall: (request) => outcomeOf(image.now(), world.missions, request),
  })
  const resumed = missions.resume()
  const router = await startRouter({
    endpoint: config.endpoint,
    keys,
    maxMessageBytes: config.maxMessageBytes,
    onRequest: (request, { user, identity }) =>
      desk.take(request, { user, client: identity }, (answer) => router.send(identity, answer)),
    onFault: (fault) => log.warn({ code: fault.code, err: fault }, 'router'),
  })
  teardown.add(() => router.stop())
  teardown.add(() => desk.drained())
  teardown.add(() => missions.stop(GRACE_MS))
  teardown.add(packAtIdleTimes(kernel, log))
  teardown.add(() => maintenance.stop())
  teardown.add(keepHouse(kernel, log))
  teardown.add(watchWitnesses(kernel, log))
  await tellOf(home, { pid: process.pid, endpoint: router.endpoint, build: kernel.build, image: image.id })
  teardown.add(() => rm(home.kernelFile, { force: true }))
  log.level = config.log
  log.info({ endpoint: router.endpoint, image: image.id, head: image.head, resumed }, 'kernel is up')
  return { kernel, endpoint: router.endpoint, stop: () => teardown.run() }
}

/** Logs how far an image of an older format has come, now and then: it may take minutes. */
function tellMigration(log: Logger, clock: Clock): (progress: MigrationProgress) => void {
  let told = Number.NEGATIVE_INFINITY
  return ({ from, to, done, total }) => {
    if (clock.now() - told < MIGRATION_TELL_MS) return
    told = clock.now()
    log.info({ done, total }, `bringing the image from format ${from} to format ${to}`)
  }
}

/** Says in run/kernel.json where the kernel is, for the console and the steward; written whole or not at all. */
async function tellOf(home: Home, facts: object): Promise<void> {
  await writeFile(`${home.kernelFile}.new`, JSON.stringify(facts))
  await rename(`${home.kernelFile}.new`, home.kernelFile)
}

function buildId(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    version: string
  }
  return `batos ${version}, node ${process.versions.node}`
}
