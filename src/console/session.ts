// The console on a terminal. One person types; any number of messages run meanwhile. What is told of each is printed above
// the line being typed, the newest runs in the live line, the answer comes with the time it took.
//
// A near miss is asked about: `y` sends what was meant, `n` has a new method written, `c` lets it be. In approve mode each
// new method is: `y` installs it, `n` does not, `n` with words has it written again as they say. No answer is a message.
import { type BatError, batErrorOf } from '../base/errors.ts'
import type { Value } from '../base/value.ts'
import type { Client } from '../protocol/client.ts'
import type { Change, ProgressAnswer } from '../protocol/messages.ts'
import { watch } from '../protocol/watch.ts'
import { colonCommand } from './colon-commands.ts'
import { complaint } from './complaint.ts'
import { completions, knowledgeOf } from './completion.ts'
import { eventText, indent } from './events.ts'
import { openHistory } from './history-file.ts'
import { follow, type InFlight, inFlight, liveText, shorten } from './in-flight.ts'
import { type LineEditor, openLineEditor } from './line-editor.ts'
import { type Question, Questions } from './questions.ts'
import { answerText, durationText } from './rendering.ts'
import { approving, bodyOfLine, insisting, type SendBody, suggested } from './requests.ts'
import type { Task } from './task.ts'

const WELCOME = [
  'BAT OS: objects that learn what you tell them. Type a message, an object first:',
  "  genesis greet: 'Ada'            what it does not understand yet, it writes a method for",
  '  genesis double: 4 => 8          with the answer you expect: the surest way',
  '  :help  all there is to type     :quit  leave; the daemon goes on',
]
const TICK_MS = 120

/** Runs until the person leaves. Closes the connection. */
export async function runConsole(
  client: Client,
  task: Task,
  options: { readonly approve: boolean },
): Promise<void> {
  const session = new Session(client, task, options)
  await session.run()
}

/** What is shown of the changes that are told: what somebody did, not the bookkeeping, nor cycles, which tell of themselves. */
const DEEDS: ReadonlySet<string> = new Set(['send', 'set', 'undo', 'feedback', 'apply'])

class Session {
  readonly #client: Client
  readonly #task: Task
  readonly #editor: LineEditor
  readonly #running: InFlight[] = []
  readonly #questions: Questions
  readonly #proposals = new Map<InFlight, Question>()
  #approving: boolean
  /** Whose line or events were printed last. */
  #told: InFlight | undefined
  #timer: NodeJS.Timeout | undefined
  #watching: AbortController | undefined

  constructor(client: Client, task: Task, { approve }: { readonly approve: boolean }) {
    this.#client = client
    this.#approving = approve
    this.#task = task
    const history = openHistory(task.home)
    const known = knowledgeOf(client)
    const { input, output } = task.around
    if (history.lines.length === 0) output.write(`${WELCOME.join('\n')}\n`)
    this.#editor = openLineEditor({
      input,
      output,
      history: history.lines,
      completer: (line) => completions(line, known),
      onLine: (line) => {
        history.add(line)
        this.#take(line)
      },
    })
    this.#questions = new Questions((text) => this.#editor.prompt(text))
  }

  async run(): Promise<void> {
    const leave = () => this.#editor.close()
    this.#task.around.ending.addEventListener('abort', leave, { once: true })
    await this.#editor.closed
    clearInterval(this.#timer)
    this.#endWatch()
    const left = this.#running.length
    if (left > 0) this.#task.tell(`${left} running ${left === 1 ? 'cycle goes' : 'cycles go'} on`)
    await this.#client.close()
  }

  #take(raw: string): void {
    const line = raw.trim()
    if (line === '' || line.startsWith('#') || this.#questions.take(line)) return
    if (line === ':quit' || line === ':q') this.#editor.close()
    else if (line === ':watch') this.#watch()
    else if (line === ':cancel') this.#cancel()
    else if (line === ':approve') this.#approve()
    else if (line.startsWith(':')) void this.#command(line)
    else void this.#message(raw)
  }

  async #command(line: string): Promise<void> {
    try {
      this.#editor.print(await colonCommand(this.#client, line, this.#task.colours))
    } catch (thrown) {
      this.#complain(batErrorOf(thrown), line)
    }
  }

  async #message(line: string): Promise<void> {
    try {
      const body = bodyOfLine(line, { stream: true })
      await this.#send(line, this.#approving ? approving(body) : body)
    } catch (thrown) {
      this.#complain(batErrorOf(thrown), line)
    }
  }

  async #send(line: string, body: SendBody): Promise<void> {
    const message = inFlight(line, performance.now())
    this.#running.push(message)
    this.#tick()
    const many = this.#running.length > 1
    if (!many) this.#told = message
    try {
      const value = await this.#client.request(body, {
        signal: message.abort.signal,
        onEvent: (told) => this.#follow(message, told),
      })
      this.#ended(message)
      this.#answer(message, value, many)
    } catch (thrown) {
      this.#ended(message)
      const error = batErrorOf(thrown)
      const { suggestion } = error.details
      if (error.code === 'E_NEAR_MISS' && typeof suggestion === 'string') this.#ask(line, body, suggestion)
      else if (error.code !== 'E_CLIENT_CLOSED') this.#complain(error, line)
    }
  }

  #follow(message: InFlight, told: ProgressAnswer): void {
    follow(message, told)
    const text = told.kind === 'status' ? eventText(told.event, this.#task.colours) : undefined
    if (text !== undefined) this.#printOf(message, text)
    if (told.kind === 'status' && told.event.kind === 'proposal') this.#propose(message, told.cycle)
    this.#tick()
  }

  /** Below the line that it is about, where another was told of before. */
  #printOf(message: InFlight, text: string): void {
    if (message !== this.#told) this.#editor.print(this.#task.colours.dim(shorten(message.line, 60)))
    this.#told = message
    this.#editor.print(indent(text))
  }

  #answer(message: InFlight, value: Value, many: boolean): void {
    const { colours, around } = this.#task
    const took = durationText(performance.now() - message.began)
    const whose = many || this.#running.length > 0 ? `${shorten(message.line, 40)} · ` : ''
    const text = answerText(value, colours, around.output.columns)
    this.#editor.print(`${text}  ${colours.dim(`${whose}${took}`)}`)
  }

  #complain(error: BatError, text: string): void {
    this.#editor.print(complaint(error, { text }, this.#task.colours))
  }

  #ask(line: string, body: SendBody, suggestion: string): void {
    const { colours } = this.#task
    const about = colours.dim(`(${shorten(line, 40)})`)
    this.#editor.print(`did you mean ${colours.bold(suggestion)}? [y]es / [n]ew method / [c]ancel ${about}`)
    this.#questions.ask({
      prompt: 'y/n/c > ',
      take: (answer) => {
        if (/^y(es)?$/i.test(answer)) void this.#send(line, suggested(body, suggestion))
        else if (/^n(ew)?$/i.test(answer)) void this.#send(line, insisting(body))
        else if (/^c(ancel)?$/i.test(answer)) this.#editor.print('left as it is')
        else return false
        return true
      },
    })
  }

  #propose(message: InFlight, cycle: string): void {
    const about = this.#task.colours.dim(`(${shorten(message.line, 40)})`)
    this.#editor.print(`install it? [y]es / [n]o / n and what should be different ${about}`)
    const question: Question = {
      prompt: 'y/n > ',
      take: (answer) => {
        const no = /^no?(?:\s+(.+))?$/i.exec(answer)
        if (no === null && !/^y(es)?$/i.test(answer)) return false
        void this.#judge(cycle, no === null ? 'good' : 'bad', no?.[1] ?? '')
        return true
      },
    }
    this.#proposals.set(message, question)
    this.#questions.ask(question)
  }

  async #judge(cycle: string, verdict: 'good' | 'bad', comment: string): Promise<void> {
    try {
      await this.#client.request({ command: 'feedback', options: { cycle, verdict, comment } })
    } catch (thrown) {
      this.#complain(batErrorOf(thrown), verdict)
    }
  }

  #approve(): void {
    this.#approving = !this.#approving
    this.#editor.print(
      this.#approving
        ? 'each new method is shown before it is installed; :approve again to stop'
        : 'new methods are installed at once',
    )
  }

  #cancel(): void {
    const message = this.#running.at(-1)
    if (message === undefined) this.#editor.print('nothing of yours is running')
    else message.abort.abort()
  }

  // The kernel tells of every cycle, and of what anybody does, for as long as the watch stands; aborting it ends it there too.
  #watch(): void {
    if (this.#watching !== undefined) {
      this.#endWatch()
      this.#editor.print('not watching any more')
      return
    }
    const watching = new AbortController()
    this.#watching = watching
    this.#editor.print('watching everybody; :watch again to stop')
    const { colours } = this.#task
    const options = {
      signal: watching.signal,
      onChange: (change: Change) => {
        if (DEEDS.has(change.what)) this.#editor.print(indent(eventText(change, colours)!))
      },
      onCycle: (told: ProgressAnswer) => {
        if (told.kind !== 'status' || this.#running.some(({ cycle }) => cycle === told.cycle)) return
        const { event } = told
        const text = event.kind === 'state' ? `${event.from} → ${event.to}` : eventText(event, colours)
        if (text !== undefined) this.#editor.print(indent(text, `${colours.dim(told.cycle.slice(-6))} `))
      },
    }
    const over = (why: string) => {
      if (this.#watching !== watching) return
      this.#watching = undefined
      this.#editor.print(why)
    }
    watch(this.#client, options).then(
      () => over('the kernel ended the watch'),
      (thrown) => over(complaint(batErrorOf(thrown), {}, colours)),
    )
  }

  #endWatch(): void {
    const watching = this.#watching
    this.#watching = undefined
    watching?.abort()
  }

  #ended(message: InFlight): void {
    this.#running.splice(this.#running.indexOf(message), 1)
    const proposal = this.#proposals.get(message)
    if (proposal !== undefined) this.#questions.drop(proposal)
    this.#proposals.delete(message)
    this.#tick()
  }

  // Draws the live line, and keeps drawing it while something runs.
  #tick = (): void => {
    const { colours, around } = this.#task
    const now = performance.now()
    // What is answered at once is not worth a live line.
    const shown = this.#running.filter(({ began, state }) => state !== undefined || now - began > TICK_MS)
    this.#editor.live(liveText(shown, now, { colours, columns: around.output.columns ?? 80 }))
    if (this.#running.length === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
    } else this.#timer ??= setInterval(this.#tick, TICK_MS)
  }
}
