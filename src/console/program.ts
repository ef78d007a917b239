// The command line: which commands there are, what each takes, and which function does it. Commander parses and writes the
// help; what it refuses becomes E_USAGE with its suggestion, exit status 2.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Argument, Command, CommanderError, Option } from 'commander'
import { BatError } from '../base/errors.ts'
import { defaultHome } from '../base/home.ts'
import { momentOf } from '../base/moment.ts'
import { policies } from '../base/policy.ts'
import { takeCommon } from './arguments.ts'
import * as asking from './asking.ts'
import * as daemon from './daemon-commands.ts'
import { doctor } from './doctor.ts'
import type { ExitStatus } from './exit-status.ts'
import { script, train } from './forge-commands.ts'
import { imageTask } from './image-commands.ts'
import * as keys from './key-commands.ts'
import * as models from './model-commands.ts'
import { guard, rescue } from './offline.ts'
import * as past from './past-commands.ts'
import { policy, proposalActions, proposals } from './proposals.ts'
import { start } from './start.ts'
import type { Surroundings } from './surroundings.ts'
import { makeTask, type Outcome, perform, type Task, write } from './task.ts'
import { usageError } from './usage.ts'
import { version } from './version.ts'

/** Carries out a whole command line (without `node` and the program's name) and answers the exit status. */
export async function runCommandLine(args: readonly string[], around: Surroundings): Promise<ExitStatus> {
  const home = defaultHome(around.environment)
  try {
    const given = takeCommon(args)
    const task = makeTask(around, { home, ...given })
    return await parse(given.rest, task)
  } catch (thrown) {
    const failed = async () => Promise.reject(thrown)
    return perform(makeTask(around, { home, json: args.includes('--json') }), failed)
  }
}

async function parse(rest: readonly string[], task: Task): Promise<ExitStatus> {
  let status: ExitStatus = 0
  const printed: string[] = []
  const program = programOf(task, (ended) => {
    status = ended
  })
  const commands = program.commands.flatMap((each) => [each, ...each.commands])
  let refusing = program
  for (const each of [program, ...commands]) {
    each.exitOverride((error) => {
      refusing = each
      throw error
    })
    each.configureOutput({ writeOut: (text) => printed.push(text), writeErr: () => {} })
  }
  for (const each of commands)
    each.addHelpText('after', '\nAs with every command: --json, --home DIR, --endpoint ADDRESS.')
  try {
    await program.parseAsync(rest, { from: 'user' })
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown
    if (thrown.exitCode !== 0) throw usageError(thrown, refusing)
  }
  await write(task.around.output, printed.join(''))
  return status
}

function programOf(task: Task, ended: (status: ExitStatus) => void): Command {
  const program = new Command('batos')
    .description('A living image of objects on your own machine. Without a command: the console.')
    .version(version, '-V, --version', 'the version')
    .helpOption('-h, --help', 'this help')
    .helpCommand('help [command]', 'help for a command')
    .enablePositionalOptions()
    .showSuggestionAfterError(true)
    .addOption(new Option('--home <dir>', 'the folder of image, logs and keys (BATOS_HOME)'))
    .addOption(new Option('--endpoint <address>', 'where the kernel listens, if not where the home says'))
    .addOption(new Option('--json', 'one JSON value on standard output'))

  const add = (usage: string, about: string) => program.command(usage).description(about)
  const does =
    <Args extends readonly unknown[]>(command: (task: Task, ...args: Args) => Promise<Outcome>) =>
    async (...args: Args) =>
      ended(await perform(task, () => command(task, ...args)))

  const begin = async ({ keep = false, approve = false }: { keep?: boolean; approve?: boolean }) =>
    ended(await start(task, { keep, approve }))
  const approve = () => new Option('--approve', 'show each new method before it is installed')
  add('start', 'the console on a terminal, a batch of messages from standard input elsewhere')
    .option('--keep', 'leave a daemon that this batch started running')
    .addOption(approve())
    .action(begin)
  add('console', 'the same; also what `batos` alone does')
    .option('--keep', 'as with start')
    .addOption(approve())
    .action(begin)
  add('up', 'start the daemon and stay with it until ctrl-C')
    .option('-d, --detach', 'come back when it is up')
    .action(does(daemon.up))
  add('down', 'stop the daemon').action(does(daemon.down))
  add('status', 'what runs on this home').action(does(daemon.status))
  add('version', 'the version').action(does(async () => ({ value: version, text: version })))

  add('send <message...>', 'send a message: batos send "genesis greet: \'Ada\'"')
    .passThroughOptions()
    .action(does(asking.send))
  add('inspect [target]', 'slots and methods of an object (the root when none is named)').action(
    does(asking.inspect),
  )
  add('show <place>', 'a method with how it came to be, or a slot: OBJECT.SELECTOR').action(does(asking.show))
  add('history [place]', 'what changed, when and by whom; of an OBJECT or an OBJECT.SLOT when one is named')
    .option(
      '--from <moment>',
      'since then: tx:12, 2h (ago), yesterday, 14:05, 2026-03-01, "2026-03-01 14:05"',
    )
    .option('--to <moment>', 'until then')
    .option('--user <name>', 'by that user or persona')
    .addOption(limitOption(20))
    .action(does(past.history))
  add('at <moment> [place]', 'what an OBJECT or an OBJECT.SLOT was: batos at 2h genesis.count').action(
    does(past.at),
  )
  add(
    'diff <place> [from] [to]',
    "what an object's last change did, or what became of it between two moments",
  ).action(does(past.diff))
  add('undo [transactions...]', 'take transactions back, your last when none is named')
    .option('--keep <object...>', 'objects that stay as they are')
    .action(does(past.undo))
  add('audit', 'what cycles did and why')
    .option('--cycle <id>', 'of one cycle')
    .addOption(limitOption(50))
    .action(does(asking.audit))
  add(
    'replay <id>',
    'ask the model again what a cycle asked it, or one call, and compare the answers',
  ).action(does((task, id: string) => imageTask(task, 'replay', { id })))
  add('metrics', 'counts and durations of the running kernel').action(does(asking.metrics))
  add('cancel <cycle>', 'stop a running cycle').action(does(asking.cancel))
  program
    .command('feedback')
    .description("your verdict on a cycle's method")
    .argument('<cycle>')
    .addArgument(new Argument('<verdict>').choices(['good', 'bad']))
    .argument('[comment...]')
    .action(does(asking.feedback))

  program
    .command('proposals')
    .description('methods that wait for your word: list, show, apply, reject, quarantine')
    .addArgument(new Argument('[action]').choices(proposalActions).default('list'))
    .argument('[id]', 'the proposal, or the end of its id')
    .option('--source <file>', 'apply this text instead')
    .action(does(proposals))
  program
    .command('policy')
    .description('who decides on new methods of an object (traits: of all)')
    .argument('[object]', 'as named by the root, or an oid', 'traits')
    .addArgument(new Argument('[policy]').choices(policies))
    .action(does(policy))

  program
    .command('keys')
    .description('who may speak to the kernel')
    .addArgument(new Argument('[action]').choices(['list', 'admit', 'revoke']).default('list'))
    .argument('[name]')
    .argument('[key]', 'public key, 40 characters')
    .action(does(keys.keys))
  add('guard <file>', "audit a method's text").action(async (file: string) => ended(await guard(task, file)))
  // Tasks on the image, whether a kernel runs or not: kernel/image-tasks.ts.
  const onFolder = (name: string, how?: { readonly down: boolean }) =>
    does((task, dir: string, options: object) =>
      imageTask(task, name, { dir: resolve(dir), ...options }, how),
    )
  add('verify', 'look at everything in the image and name what is damaged')
    .option('--quick', 'leave out the bytes of blobs')
    .action(does((task, options: object) => imageTask(task, 'verify', options)))
  add('pack', 'forget the past before a moment, and what nothing can reach any more')
    .option('--before <moment>', 'a transaction, a time, or how long ago; else as the settings say (30d)')
    .addOption(countOption('--keep', 'at least so many of the newest revisions of each object stay'))
    .option('--dry-run', 'only tell what would go')
    .action(
      does((task, { before, ...options }: { before?: string }) =>
        imageTask(task, 'pack', {
          ...options,
          ...(before === undefined ? {} : { before: momentOf(before, Date.now()) }),
        }),
      ),
    )
  add('stats', 'what is in the image and what takes the room').action(
    does((task) => imageTask(task, 'stats')),
  )
  add('backup <dir>', 'copy the image into a folder; again into the same folder, only what is new')
    .option('--verify', 'read the backup once more when it is written')
    .action(onFolder('backup'))
  add('restore <dir>', 'make the image of a backup; needs the daemon down')
    .option('--force', 'also where an image is: that one is kept beside under a dated name')
    .action(onFolder('restore', { down: true }))
  add('dump <dir>', 'write the image as text, one object a file: a backup to read, compare and merge')
    .option('--at <moment>', 'as it was then: tx:12, 2h (ago), yesterday, 2026-03-01')
    .action(onFolder('dump'))
  add('load <dir>', 'make an image of a dump; the daemon must be down')
    .option('--force', 'put an image that is there aside, under a name with the date')
    .option('--dangling', 'let be what names something that is not there')
    .action(onFolder('load', { down: true }))
  add('rescue', 'a console on the image alone, to look, undo, repair, dump; the daemon must be down').action(
    async () => ended(await rescue(task)),
  )
  const model = add('model', 'the models that can think here, and which one does')
  const listModels = does((task) => imageTask(task, 'model-list'))
  model.action(listModels).command('list').description('all of them, the used one marked').action(listModels)
  model
    .command('pull <address>')
    .description(
      'take one in: a file, a folder, hf:OWNER/REPO[/FILE.gguf], https://…, or a short name: llama-3.1-8b',
    )
    .option('--name <name>', 'what it is to be called here')
    .option('--use', 'and think with it')
    .addOption(new Option('--timeout <seconds>', 'how long it may take').argParser(positive))
    .action(does(models.pull))
  model
    .command('use <name>')
    .description('think with it: its name, the beginning of its digest, or seed')
    .action(does((task, name: string) => imageTask(task, 'model-use', { name })))
  model
    .command('verify [name]')
    .description('read their files again, whole')
    .action(does((task, name: string | undefined) => imageTask(task, 'model-verify', { name })))
  const forge = add('forge', 'learning from experience')
  trainingOptions(forge.command('train <data>'))
    .description(
      'train an adapter on conversations: JSON lines of {"messages": [...]}, the last the assistant\'s',
    )
    .option('--base <file>', 'the model it is for; default the one in the settings, else the seed mind')
    .option(
      '--out <file>',
      'the adapter; default lora_adapters/<PERSONA>_<name of the data>.gguf in the home',
    )
    .option('--device <name>', 'auto (default), cpu or gpu')
    .option('--checkpoint <file>', 'the state of a run that is not done; default beside the adapter')
    .option('--resume', 'go on from the checkpoint')
    .addOption(numberOption('--rate', 'learning rate; default 2e-4, more for narrow models'))
    .addOption(numberOption('--length', 'tokens in a row; default what the longest document needs'))
    .addOption(numberOption('--replicas', 'threads'))
    .action(does(train))
  trainingOptions(forge.command('script <data>'))
    .description('the same training as a Python program (trl, peft), for a large model on another machine')
    .requiredOption('--model <name>', "the model's name at the hub, or its folder on that machine")
    .option('--out <file>', 'the program; default beside the data')
    .option(
      '--job <how>',
      'how to run it: here (default), ssh:HOST, sbatch, ray, or a command with {script} {data} {out}',
    )
    .addOption(numberOption('--rate', 'learning rate; default 2e-4'))
    .addOption(numberOption('--length', "most tokens in a row; default what the model's context holds"))
    .action(does(script))
  forge
    .command('gate <adapter>')
    .description(
      'examine an adapter (a file, or an expert by name) and let it serve its persona when it is better',
    )
    .option('--persona <name>', 'whose it is, where its name does not tell')
    .option('--data <file>', 'the held-out set, JSON lines; else the one that came with it')
    .action(
      does((task, adapter: string, { data, ...options }: { data?: string; persona?: string }) =>
        imageTask(task, 'forge-gate', {
          ...{ ...options, adapter: existsSync(adapter) ? resolve(adapter) : adapter },
          ...(data === undefined ? {} : { data: resolve(data) }),
        }),
      ),
    )
  const experts = add(
    'experts',
    "the personas' adapters: which serve, which wait, where they are, what was refused",
  )
  const listExperts = does((task) => imageTask(task, 'expert-list'))
  experts.action(listExperts).command('list').description('all of that').action(listExperts)
  experts
    .command('use <name>')
    .description('have one serve its persona on your word, without the gate; bare-PERSONA: none')
    .action(does((task, name: string) => imageTask(task, 'expert-use', { name })))
  experts
    .command('drop <name>')
    .description('forget one; what served before it serves again')
    .action(does((task, name: string) => imageTask(task, 'expert-drop', { name })))
  experts
    .command('history [persona]')
    .description('what became of them, the newest first; batos undo takes it back')
    .addOption(limitOption(20))
    .action(
      does((task, persona: string | undefined, options: object) =>
        imageTask(task, 'expert-history', { ...options, ...(persona === undefined ? {} : { persona }) }),
      ),
    )
  add('doctor', 'look for what could be wrong here').action(does(doctor))
  return program
}

function positive(text: string): number {
  const value = Number(text)
  if (value > 0) return value
  throw new BatError('E_USAGE', { problem: `${text} is not a number above 0`, hint: 'give seconds' })
}

/** What every training of an adapter can be told. */
const trainingOptions = (command: Command): Command =>
  command
    .option('--persona <name>', 'whose adapter it will be, where the name of the data does not tell')
    .option('--targets <names>', 'matrices of a layer: of q k v o gate up down; default q,k,v,o', namesIn)
    .option('--longer <what>', 'documents longer than a row: refuse (default) or leave-out')
    .addOption(numberOption('--rank', 'of the adapter; default 16'))
    .addOption(numberOption('--alpha', 'scale of the adapter is alpha / rank; default 32'))
    .addOption(numberOption('--dropout', 'share of inputs left out; default 0.05'))
    .addOption(numberOption('--epochs', 'how often each document is seen; default 3'))
    .addOption(numberOption('--batch', 'rows at a time; default 2'))
    .addOption(numberOption('--accumulation', 'batches a step; default 2'))
    .addOption(numberOption('--seed', 'of all that is random; default 1'))

const namesIn = (text: string): string[] => text.split(/[\s,]+/).filter((name) => name !== '')

const numberOption = (name: string, about: string): Option =>
  new Option(`${name} <n>`, about).argParser((text) => {
    const value = Number(text)
    if (text.trim() !== '' && Number.isFinite(value)) return value
    throw new BatError('E_USAGE', { problem: `${name} ${text}`, hint: 'a number is expected' })
  })

const limitOption = (initial: number): Option => countOption('--limit', 'at most so many').default(initial)

const countOption = (name: string, about: string): Option =>
  new Option(`${name} <count>`, about).argParser((text) => {
    const count = Number(text)
    if (Number.isInteger(count) && count > 0 && count <= 100_000) return count
    throw new BatError('E_USAGE', {
      problem: `${name} ${text}`,
      hint: 'a count from 1 to 100000 is expected',
    })
  })
