// Every error that a person or a program can meet has a code here, with the sentence it is told in and what to do
// next. The class of a code says what the caller should do: `retry` the same thing later, take it as a `refuse`
// (the input or the state is wrong), or stop (`fatal`: this process cannot go on).
//
// Sentences name the values (`{name}`), remedies end with what to type where there is something to type.

export type ErrorClass = 'retry' | 'refuse' | 'fatal'

interface Entry {
  readonly class: ErrorClass
  readonly message: string
  readonly remedy?: string
}

const table = {
  // base
  E_INTERNAL: {
    class: 'fatal',
    message: 'internal error: {reason}',
    remedy: 'this is a defect of BAT OS; the log has the whole story',
  },
  E_CONFIG: { class: 'fatal', message: '{file}: {path}: {problem}', remedy: '{hint}' },
  E_HOME: {
    class: 'fatal',
    message: 'the home {home} cannot be used: {reason}',
    remedy: 'choose another with --home DIR or BATOS_HOME',
  },

  // notation (what a person types)
  E_SYNTAX: {
    class: 'refuse',
    message: 'column {column}: {expected} expected, {found} found',
    remedy: '{hint}',
  },

  // console and command line
  E_USAGE: { class: 'refuse', message: '{problem}', remedy: '{hint}' },
  E_NOT_RUNNING: { class: 'refuse', message: 'no daemon is running on {home}', remedy: '{hint}' },
  E_START: {
    class: 'fatal',
    message: 'the daemon did not start: {reason}',
    remedy: 'what it said is in {log}; `batos doctor` looks for causes',
  },
  E_STOP: {
    class: 'retry',
    message: '{what} (pid {pid}) did not end within {seconds} s',
    remedy: 'wait and try again; the image is sound even when it is ended with kill -9 {pid}',
  },
  E_FILE: { class: 'refuse', message: '{file} cannot be read: {reason}' },

  // models and training
  E_GGUF: {
    class: 'refuse',
    message: '{file} is not a usable GGUF file: {problem}',
    remedy: 'fetch or export the file again',
  },
  E_TRAINER_SETTINGS: {
    class: 'refuse',
    message: 'training settings: {path}: {problem}',
    remedy: 'correct {path} and start the training again',
  },
  E_TRAINER_DATA: {
    class: 'refuse',
    message: '{file}: {problem}',
    remedy: "each line is a JSON object with `messages`, the last of them the assistant's",
  },
  E_TRAINER_MEMORY: {
    class: 'refuse',
    message: 'training needs {needed} MB of memory and {free} MB are free',
    remedy: 'take fewer rows, a shorter row or fewer replicas, or stop other programs',
  },
  E_TRAINER_UNAVAILABLE: {
    class: 'refuse',
    message: 'training is not available here: {reason}',
    remedy: 'run npm install again; training needs the llama.cpp release that this version was made with',
  },
  E_TRAINER_GRADIENTS: {
    class: 'fatal',
    message: 'the gradients of the training library are wrong by {difference} (limit {limit})',
    remedy: 'do not train with this build of the library; run npm install again',
  },
  E_TRAINER_DIED: {
    class: 'retry',
    message: 'the training process ended with {how}',
    remedy: 'start the training again; it continues from its last checkpoint',
  },
  E_TRAINER_CANCELLED: {
    class: 'refuse',
    message: 'the training was cancelled after step {step}',
    remedy: 'start it again to continue from its last checkpoint',
  },
} as const satisfies Record<string, Entry>

export type ErrorCode = keyof typeof table
export type Details = Readonly<Record<string, unknown>>

/** An error with a code of the table. `details` are the values of its sentence and whatever a program may want to know beside them. */
export class BatError extends Error {
  readonly code: ErrorCode
  readonly details: Details
  readonly class: ErrorClass
  readonly remedy: string | undefined

  constructor(code: ErrorCode, details: Details = {}, options: { readonly cause?: unknown } = {}) {
    const entry: Entry = table[code]
    super(fill(entry.message, details), options)
    this.name = 'BatError'
    this.code = code
    this.details = details
    this.class = entry.class
    this.remedy = (entry.remedy && fill(entry.remedy, details)) || undefined
  }

  /** Whether the same request may succeed when it is made again. */
  get retryable(): boolean {
    return this.class === 'retry'
  }
}

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(table, code)

/** What is told of any thrown thing: coded errors as they are, everything else as `E_INTERNAL` with its cause kept. */
export function batErrorOf(thrown: unknown): BatError {
  if (thrown instanceof BatError) return thrown
  return new BatError(
    'E_INTERNAL',
    { reason: thrown instanceof Error ? thrown.message : String(thrown) },
    { cause: thrown },
  )
}

function fill(sentence: string, values: Details): string {
  return sentence.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name]
    return value === undefined
      ? ''
      : typeof value === 'string'
        ? value
        : (JSON.stringify(value) ?? String(value))
  })
}
