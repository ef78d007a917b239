// `batos rescue`: a console on the image alone, for when nothing else goes: no model, no workers, no sockets. It takes the
// image's lock, so no kernel can run meanwhile. The command line starts this program and hands its streams over:
//   node kernel/rescue-console.js --home DIR
// On a terminal it asks for lines; piped input is carried out line by line, and one that fails does not stop the next.
// Exit status: 0, 1 when a line failed or found damage.
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { systemClock } from '../src/base/clock.ts'
import { BatError, batErrorOf } from '../src/base/errors.ts'
import { exitCodeOf } from '../src/base/exit-codes.ts'
import { defaultHome, homeOf } from '../src/base/home.ts'
import type { Image } from '../src/image/image.ts'
import { openImage } from '../src/image/open.ts'
import { hasImage } from '../src/image/place.ts'
import { rescueCommands, runRescueLine } from './rescue/commands.ts'
import type { Rescue } from './rescue/rescue.ts'

const { values } = parseArgs({ options: { home: { type: 'string' } } })
const interactive = process.stdin.isTTY === true && process.stdout.isTTY === true

try {
  const image = await openForRescue(homeOf(values.home ?? defaultHome(process.env)).image)
  try {
    process.exitCode = await converse({ image, clock: systemClock, at: undefined })
  } finally {
    await image.close()
  }
} catch (thrown) {
  complain(thrown)
  process.exitCode = exitCodeOf(batErrorOf(thrown))
}

async function openForRescue(dir: string): Promise<Image> {
  if (!(await hasImage(dir))) throw new BatError('E_NO_IMAGE', { dir })
  return openImage({ dir, clock: systemClock, salvage: true })
}

async function converse(rescue: Rescue): Promise<0 | 1> {
  const { image } = rescue
  let status: 0 | 1 = 0
  for (const damage of image.damage)
    process.stderr.write(`batos: damaged: ${damage}; the image can only be read\n`)
  if (interactive)
    process.stdout.write(`the image ${image.id} at ${image.head}; help tells what can be typed\n`)
  const lines = createInterface({
    input: process.stdin,
    ...(interactive ? { output: process.stdout, completer } : {}),
    crlfDelay: Number.POSITIVE_INFINITY,
  })
  lines.on('SIGINT', () => lines.close())
  const ask = () => {
    if (!interactive) return
    lines.setPrompt(`rescue${rescue.at === undefined ? '' : ` ${rescue.at}`}> `)
    lines.prompt()
  }
  ask()
  let number = 0
  for await (const line of lines) {
    number++
    const text = line.trim()
    if (text === 'quit' || text === 'exit') break
    if (text !== '' && !text.startsWith('#') && !(await carryOut(rescue, text, number))) status = 1
    ask()
  }
  lines.close()
  return interactive ? 0 : status
}

/** Answers whether all is well. */
async function carryOut(rescue: Rescue, text: string, number: number): Promise<boolean> {
  try {
    const { text: answer, ok = true } = await runRescueLine(rescue, text)
    if (answer !== '') process.stdout.write(`${answer}\n`)
    return ok
  } catch (thrown) {
    complain(thrown, interactive ? '' : `line ${number}: `)
    return false
  }
}

function complain(thrown: unknown, where = ''): void {
  const { code, message, remedy } = batErrorOf(thrown)
  process.stderr.write(`batos: ${code}: ${where}${message}\n${remedy ? `  ${remedy}\n` : ''}`)
}

function completer(line: string): [string[], string] {
  const fitting = Object.keys(rescueCommands).filter((word) => word.startsWith(line))
  return [fitting, line]
}
