// What a training says: a bar on a terminal, lines elsewhere, and lines in a log that is kept beside the model's card. The log
// has a line a minute; a run that goes on after a stop goes on in the same log.
import { appendFileSync } from 'node:fs'
import type { TrainingEvent } from '../../src/forge/training-events.ts'

const LOG_SECONDS = 60

export class TrainingReport {
  readonly #log: string
  readonly #onTerminal = process.stdout.isTTY === true
  #losses = ''
  #loggedAt = 0

  constructor(log: string) {
    this.#log = log
  }

  get onTerminal(): boolean {
    return this.#onTerminal
  }

  /** A line for the output and the log. */
  tell(line: string): void {
    this.#print(line)
    appendFileSync(this.#log, `${line}\n`)
  }

  show(event: TrainingEvent): void {
    switch (event.kind) {
      case 'started':
        this.tell(
          `${event.parameters} parameters; ${event.documents} documents, ${event.tokens} tokens, ` +
            `${event.tooLong} too long; ${event.memoryMb} MB; ${event.device}; from step ${event.step}`,
        )
        return
      case 'validated':
        this.#losses = Object.entries(event.losses)
          .map(([name, loss]) => `${name} ${loss.toFixed(4)}`)
          .join(' ')
        this.tell(`step ${event.step} validation: ${this.#losses}`)
        return
      case 'saved':
        if (!this.#onTerminal) this.#print(`step ${event.step} saved ${event.output}`)
        return
      case 'progress':
        this.#progress(event)
        return
      case 'cancelled':
        this.tell(`stopped after step ${event.step}; the same command goes on from there`)
        return
      case 'done':
        this.tell(
          `done: ${event.step} steps, ${event.documents} documents, ${event.tokens} tokens in ` +
            `${Math.round(event.seconds)} s; ${this.#losses}`,
        )
        return
      case 'notice':
        this.tell(event.text)
        return
      case 'failed':
        return
      default:
        event satisfies never
    }
  }

  #progress(event: Progress): void {
    if (this.#onTerminal) process.stdout.write(`\r\x1b[K${bar(event, this.#losses)}`)
    else console.log(lineOf(event))
    if (performance.now() - this.#loggedAt < LOG_SECONDS * 1000 && this.#loggedAt > 0) return
    this.#loggedAt = performance.now()
    appendFileSync(this.#log, `${lineOf(event)}\n`)
  }

  #print(line: string): void {
    if (this.#onTerminal) process.stdout.write(`\r\x1b[K${line}\n`)
    else console.log(line)
  }
}

type Progress = Extract<TrainingEvent, { kind: 'progress' }>

const lineOf = (event: Progress): string =>
  `${(100 * event.progress).toFixed(1)}% step ${event.step} loss ${event.loss.toFixed(4)} ` +
  `rate ${event.rate.toExponential(1)} ${Math.round(event.tokensPerSecond)} tokens/s ` +
  `documents ${event.documents} epoch ${event.epoch} ms ${event.stepMs.map(Math.round).join('/')} ` +
  `left ${clock(event.secondsLeft)}`

function bar(event: Progress, losses: string): string {
  const width = 24
  const full = Math.round(width * Math.min(1, event.progress))
  return (
    `[${'#'.repeat(full)}${'-'.repeat(width - full)}] step ${event.step} loss ${event.loss.toFixed(3)} ` +
    `${losses} ${Math.round(event.tokensPerSecond)} tokens/s left ${clock(event.secondsLeft)}`
  )
}

const clock = (seconds: number): string => {
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
