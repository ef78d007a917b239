// What the console asks the person: questions that stay open while other things are typed, the oldest answered first. A
// line that a question does not know as an answer goes its usual way.

export interface Question {
  /** What stands before the line while this is the oldest. */
  readonly prompt: string
  /** Takes a line as the answer; false when it is none. */
  take(line: string): boolean
}

export class Questions {
  readonly #open: Question[] = []
  readonly #prompt: (text: string) => void

  /** `prompt` sets what stands before the line being typed. */
  constructor(prompt: (text: string) => void) {
    this.#prompt = prompt
  }

  ask(question: Question): void {
    this.#open.push(question)
    this.#show()
  }

  /** Whether the line answered the oldest question, which is then closed. */
  take(line: string): boolean {
    const question = this.#open[0]
    if (!question?.take(line)) return false
    this.drop(question)
    return true
  }

  /** Closes a question that need not be answered any more. */
  drop(question: Question): void {
    const at = this.#open.indexOf(question)
    if (at >= 0) this.#open.splice(at, 1)
    this.#show()
  }

  #show(): void {
    this.#prompt(this.#open[0]?.prompt ?? '> ')
  }
}
