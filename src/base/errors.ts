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
