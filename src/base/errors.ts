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

  // objects, messages, cycles
  E_NO_OBJECT: {
    class: 'refuse',
    message: 'there is no object {receiver}',
    remedy: '{hint}',
  },
  E_NO_SLOT: { class: 'refuse', message: '{receiver} has no slot {slot}', remedy: '{hint}' },
  E_NOT_A_METHOD: {
    class: 'refuse',
    message: '{receiver}.{selector} holds data and takes no arguments',
    remedy: 'set it with {receiver}.{selector} = value',
  },
  E_ARITY: {
    class: 'refuse',
    message: '{receiver}.{selector} takes {takes} arguments, {given} given',
    remedy: '`!` at the end has it written anew',
  },
  E_NEAR_MISS: {
    class: 'refuse',
    message: '{receiver} does not understand {selector}; did you mean {suggestion}?',
    remedy: 'put `!` at the end of the message to have {selector} written all the same',
  },
  E_RESERVED: { class: 'refuse', message: '{selector} cannot be written: {reason}' },
  E_FROZEN: {
    class: 'refuse',
    message: '{object} belongs to the kernel and cannot be changed by {by}',
    remedy: "make an object of your own: genesis clone_as: 'robot'",
  },
  E_EXPECTATION: {
    class: 'refuse',
    message: '{receiver} {message} answers {answer}, {expected} was expected; nothing was changed',
    remedy: '`!` at the end has the method written anew with this example',
  },
  E_METHOD_FAILED: {
    class: 'refuse',
    message: '{receiver}.{selector} failed: {reason}',
    remedy: 'batos show {receiver}.{selector}',
  },
  E_METHOD_LOST: { class: 'retry', message: 'the worker that ran {receiver}.{selector} was lost' },
  E_PRIMITIVE: { class: 'refuse', message: 'the primitive {name} {problem}' },
  E_PROMOTION: {
    class: 'refuse',
    message: '{receiver}.{selector} cannot be promoted: {reason}',
    remedy: "a method moves to an object that its own delegates to: genesis promote: 'double:' to: traits",
  },
  E_TOO_DEEP: {
    class: 'refuse',
    message: '{receiver} {selector} needs more than {limit} new methods for one message',
  },
  E_NOT_WRITTEN: {
    class: 'refuse',
    message: 'no draft of {receiver}.{selector} passed in {tries} tries; the last one: {reason}',
    remedy: '{hint}',
  },
  E_PROPOSED: {
    class: 'refuse',
    message: 'a method for {receiver}.{selector} is written and waits for your word',
    remedy: 'batos proposals show {id}, then batos proposals apply {id}',
  },
  E_POLICY_OFF: {
    class: 'refuse',
    message: '{receiver} does not understand {selector}, and its policy is to have no methods written',
    remedy: 'batos policy {receiver} auto',
  },
  E_NO_PROPOSAL: { class: 'refuse', message: 'no proposal {id}', remedy: 'batos proposals lists them' },
  E_PROPOSAL_STALE: {
    class: 'refuse',
    message: 'the proposal for {receiver}.{selector} is stale: {reason}',
    remedy: 'batos proposals reject {id}, and send the message again',
  },
  E_PROPOSAL_REFUSED: { class: 'refuse', message: 'that text for proposal {id} is refused: {reason}' },
  E_NOT_APPROVED: {
    class: 'refuse',
    message: '{receiver}.{selector} was not approved; nothing was installed',
    remedy: 'send it again with `=> value` or `# in your own words` to have it written otherwise',
  },
  E_PLAN: { class: 'refuse', message: 'the plan cannot be used: {problem}', remedy: '{hint}' },
  E_MIND_ANSWER: {
    class: 'refuse',
    message: 'the mind was asked for a {task}; its answer cannot be used: {problem}',
  },
  E_TEMPLATE: {
    class: 'fatal',
    message: 'the prompt template {file}: {problem}',
    remedy: 'restore prompts/ as it was delivered',
  },
  E_CYCLE_TIMEOUT: {
    class: 'retry',
    message: 'the cycle took longer than {limit} ms',
    remedy: '{hint}',
  },
  E_CANCELLED: { class: 'refuse', message: 'the cycle was cancelled' },
  E_NO_CYCLE: {
    class: 'refuse',
    message: 'no running cycle {id}',
    remedy: 'batos audit --limit 20 shows the last ones',
  },
  E_NO_CALL: {
    class: 'refuse',
    message: 'the audit trail has no call of the model, and no cycle with one, named {id}',
    remedy: 'batos audit --limit 20 --json shows the ids of events and cycles',
  },
  E_STOPPING: { class: 'retry', message: 'the kernel is stopping', remedy: 'ask again when it is back' },
  E_NOTHING_TO_UNDO: {
    class: 'refuse',
    message: 'there is nothing of {user} to undo',
    remedy: 'batos history',
  },
  E_UNDO_NOTHING: {
    class: 'refuse',
    message: '{tid} changed nothing that can be taken back',
    remedy: 'batos history lists what can',
  },
  E_AUDIT_EVENT: { class: 'fatal', message: 'not an audit event: {path}: {problem}' },

  // the image
  E_VALUE: {
    class: 'refuse',
    message: '{path} cannot hold {found}',
    remedy: 'slots hold text, numbers, true, false, null, dates, bytes, lists, maps and objects of the image',
  },
  E_TREE_KEY: {
    class: 'refuse',
    message: 'the key {problem}',
    remedy: 'keys of a Tree are text, numbers, bigints or bytes',
  },
  E_CONFLICT: {
    class: 'retry',
    message: '{objects} changed in {theirs} after this transaction began at {ours}',
    remedy: 'do it again on what is there now',
  },
  E_DOOMED: { class: 'refuse', message: 'the transaction cannot be committed: {reason}' },
  E_TRANSACTION_ENDED: { class: 'refuse', message: 'the transaction has ended ({state})' },
  E_SAVEPOINT: { class: 'refuse', message: 'the savepoint is gone: an earlier one was rolled back' },
  E_READ_ONLY: { class: 'refuse', message: '{object} is seen as of {tid}, where nothing can be changed' },
  E_DANGLING: {
    class: 'refuse',
    message: '{path} holds {missing}, which is not there',
    remedy: 'set {path} anew; batos verify names every such place',
  },
  E_UNDO_CONFLICT: {
    class: 'refuse',
    message: '{tid} cannot be undone: {places} changed again in {later}',
    remedy:
      'take that back too: batos undo {all}\nor leave {objects} as it is: batos undo {alone} --keep {kept}',
  },
  E_UNDO_REFERRED: {
    class: 'refuse',
    message: '{tid} cannot be undone: {objects} would be gone, and {places} would lead to nothing',
    remedy:
      'take that back too: batos undo {all}\nor leave {objects} as it is: batos undo {alone} --keep {kept}',
  },
  E_NO_TRANSACTION: {
    class: 'refuse',
    message: 'there is no transaction {tid}',
    remedy: 'batos history lists them',
  },
  E_PACKED: {
    class: 'refuse',
    message: '{what} was packed away: the image goes back to {moment} ({time}) and no further',
    remedy: 'batos history lists what there is',
  },
  E_PACKED_AWAY: {
    class: 'refuse',
    message: '{objects} could not be reached from the root any more and is being packed away',
    remedy: 'make it anew, and link it from an object that the root reaches',
  },
  E_PACKING: {
    class: 'refuse',
    message: 'the image is being packed already',
    remedy: 'ask again when that is done',
  },
  E_RECORD_DAMAGED: {
    class: 'refuse',
    message: 'the record {record} is damaged: {problem}',
    remedy: 'batos verify lists all damage; batos restore takes a backup',
  },
  E_BLOB_MISSING: {
    class: 'refuse',
    message: 'the blob {sha256} is not there',
    remedy: 'batos verify names who refers to it',
  },
  E_BLOB_DAMAGED: {
    class: 'refuse',
    message: 'the blob {sha256} is damaged: {problem}',
    remedy: 'import the same bytes again, which mends it, or take a backup back with batos restore',
  },
  E_BLOB_SOURCE: {
    class: 'refuse',
    message: '{source} cannot be taken into the image: {reason}',
    remedy: 'a blob is made of bytes, of a stream of bytes, or of a file that can be read',
  },
  E_BLOB_RANGE: { class: 'refuse', message: 'bytes {from} to {to} were asked of a blob of {size} bytes' },
  E_BACKUP_FOLDER: {
    class: 'refuse',
    message: '{dir} is no place for this backup: {problem}',
    remedy: 'name an empty or a new folder',
  },
  E_NO_BACKUP: {
    class: 'refuse',
    message: '{dir} holds no whole backup: it has no manifest.json',
    remedy: 'make one: batos backup DIR',
  },
  E_BACKUP_DAMAGED: {
    class: 'refuse',
    message: 'the backup is damaged: {place}: {problem}',
    remedy: 'take another backup: batos restore DIR',
  },
  E_IMAGE_EXISTS: {
    class: 'refuse',
    message: 'there is an image in {dir} already',
    remedy: 'it is kept beside under a dated name with: {command} --force',
  },
  E_IMAGE_LOCKED: {
    class: 'fatal',
    message: 'the image {dir} is in use by process {pid}',
    remedy: 'batos down ends it',
  },
  E_IMAGE_FOREIGN: {
    class: 'fatal',
    message: '{file} is not a living image: {expected} expected, {found} found',
    remedy: 'choose another home with --home DIR, or restore a backup',
  },
  E_IMAGE_DAMAGED: {
    class: 'refuse',
    message: 'the image {dir} can only be read: {damage}',
    remedy: 'dump DIR writes what is sound; then, in a shell: batos load DIR --force',
  },
  E_IMAGE_VERSION: {
    class: 'fatal',
    message:
      'the image {dir} (format {found}) is for BAT OS {needs} or later; this is {program}, which knows formats up to {known}',
    remedy: 'install BAT OS {needs} or later, or choose another home with --home DIR',
  },
  E_SHAPE: {
    class: 'refuse',
    message: '{object} {problem}',
    remedy: 'use the BAT OS that wrote it: batos history {object} names the transaction',
  },
  E_DISK_FULL: {
    class: 'retry',
    message: 'nothing was committed: no room is left for {dir}',
    remedy: 'make room, then ask again',
  },
  E_BACKUP_ROOM: {
    class: 'retry',
    message: 'no room is left in {dir}',
    remedy: 'make room there, then ask again',
  },
  E_IMAGE_WRITE: {
    class: 'retry',
    message: 'nothing was committed: {dir} cannot be written: {reason}',
    remedy: 'see the log, then ask again',
  },
  E_NO_IMAGE: {
    class: 'refuse',
    message: 'no image was made in {dir} yet',
    remedy: 'batos up makes one; or choose another home with --home DIR',
  },
  E_TASK_RUNS: {
    class: 'retry',
    message: '{task} cannot begin while {other} is at work',
    remedy: 'wait for its end, or stop it with ctrl-C where it was begun',
  },
  E_KERNEL_IS_UP: {
    class: 'refuse',
    message: '{task} needs {home} for itself, and process {pid} is at work there',
    remedy: 'batos down, then again',
  },
  E_IMAGE_CLOSED: { class: 'retry', message: 'the image has been closed' },

  // the text form of the image
  E_TEXT: { class: 'refuse', message: '{where}: {expected} expected, {found} found', remedy: '{hint}' },
  E_NO_DUMP: {
    class: 'refuse',
    message: '{dir} is no dump of an image: {problem}',
    remedy: 'name the folder that batos dump wrote',
  },
  E_DUMP_FOLDER: {
    class: 'refuse',
    message: 'no dump can be written to {dir}: {problem}',
    remedy: 'name a new folder, or that of an earlier dump of this image',
  },
  E_LOAD: {
    class: 'refuse',
    message: '{dir} cannot be loaded: {problems}',
    remedy: '{hint}',
  },

  // the sandbox
  E_SANDBOX: {
    class: 'fatal',
    message: 'the sandbox for generated methods did not start: {reason}',
    remedy: 'see that the image can be read, and that npm install ran to its end',
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
  E_OFFLINE: {
    class: 'retry',
    message: 'the program that was to answer {command} ended with {how}',
    remedy: 'try again; batos doctor looks for causes',
  },
  E_STOP: {
    class: 'retry',
    message: '{what} (pid {pid}) did not end within {seconds} s',
    remedy: 'wait and try again; the image is sound even when it is ended with kill -9 {pid}',
  },
  E_FILE: { class: 'refuse', message: '{file} cannot be read: {reason}' },

  // protocol (frames, messages, keys, client, router)
  E_MALFORMED: { class: 'refuse', message: 'malformed message: {path}: {problem}' },
  E_VERSION: {
    class: 'refuse',
    message: 'protocol version {version} is not spoken here, only {supported}',
    remedy: 'use a client and a kernel of the same release',
  },
  E_COMMAND: { class: 'refuse', message: 'unknown command {command}', remedy: 'the commands are {known}' },
  E_MESSAGE_SIZE: {
    class: 'refuse',
    message: 'a message of {bytes} bytes exceeds the limit of {limit} bytes',
    remedy: 'send less at once, or raise maxMessageBytes in batos.config.json',
  },
  E_WIRE_VALUE: { class: 'refuse', message: '{path} cannot be sent: {problem}' },
  E_NO_KERNEL: {
    class: 'retry',
    message: 'no kernel answers at {endpoint} ({waited} ms)',
    remedy: 'start it with `batos up`',
  },
  E_NOT_ADMITTED: {
    class: 'refuse',
    message: 'the kernel at {endpoint} does not admit this key',
    remedy: 'admit it where the kernel runs: batos keys admit NAME {key}',
  },
  E_SEAL: { class: 'refuse', message: 'the seal of the request is wrong: {problem}' },
  E_KEYS: { class: 'fatal', message: '{file}: {problem}', remedy: '{hint}' },
  E_KEY_NAME: { class: 'refuse', message: '{name}: {problem}' },
  E_PORT_IN_USE: {
    class: 'fatal',
    message: 'another program listens at {endpoint}',
    remedy: 'stop it, or choose another endpoint in batos.config.json (port * takes a free one)',
  },
  E_ENDPOINT: {
    class: 'fatal',
    message: 'cannot listen at {endpoint}: {reason}',
    remedy: 'correct `endpoint` in batos.config.json; an example is tcp://127.0.0.1:5555',
  },
  E_TIMEOUT: { class: 'retry', message: '{command} was not answered within {ms} ms' },
  E_CLIENT_CLOSED: { class: 'retry', message: 'the connection was closed before {command} was answered' },
  E_WATCH_LOST: { class: 'retry', message: 'the watch ended: what it told was not taken' },
  E_ABORTED: { class: 'refuse', message: '{command} was cancelled' },
  E_REMOTE: { class: 'refuse', message: '{code}: {message}', remedy: '{remedy}' },

  // steward
  E_STEWARD_RUNNING: {
    class: 'refuse',
    message: 'a steward runs on {home} already (pid {pid})',
    remedy: '`batos status` shows it, `batos down` stops it',
  },
  E_STEWARD_GAVE_UP: { class: 'fatal', message: 'the steward gave up: {reason}', remedy: 'see {log}' },

  // models and training
  E_GGUF: {
    class: 'refuse',
    message: '{file} is not a usable GGUF file: {problem}',
    remedy: 'fetch or export the file again',
  },
  E_MODEL_INVALID: {
    class: 'refuse',
    message: '{file} is not a model that can be used here: {problem}',
    remedy: 'choose another model in batos.config.json; batos doctor checks it',
  },
  E_ADAPTER_INVALID: {
    class: 'refuse',
    message: '{file} is not an adapter that can be used here: {problem}',
    remedy: 'export the adapter again for this model',
  },
  E_EXPERT_UNKNOWN: {
    class: 'refuse',
    message: 'there is no expert {name} here',
    remedy: 'batos experts lists them',
  },
  E_EXPERT_NAME: {
    class: 'refuse',
    message: '{entry} names no persona: its name must be one of {personas}, perhaps with _ and a version',
    remedy: 'name it anew and put it into lora_adapters again',
  },
  E_EXPERT_UNFIT: {
    class: 'refuse',
    message: '{name} cannot serve: {reason}',
    remedy: '{hint}',
  },

  E_MODEL_ADDRESS: {
    class: 'refuse',
    message: '{address} names no model: {problem}',
    remedy:
      'write a file, a folder, hf:OWNER/REPO/FILE.gguf, an https address, or one of the short names {known}',
  },
  E_MODEL_CHOICE: {
    class: 'refuse',
    message: '{address} has {count} models',
    remedy: 'choose one:\n{choices}',
  },
  E_MODEL_UNKNOWN: {
    class: 'refuse',
    message: 'there is no model {name} here',
    remedy: 'batos model list shows those there are; batos model pull llama-3.1-8b fetches one',
  },
  E_MODEL_NOT_TAKEN: {
    class: 'refuse',
    message: 'the model {model} does not come up: {reason}; {kept} goes on',
    remedy: 'batos model verify looks at its file',
  },
  E_MODEL_FIXED: {
    class: 'refuse',
    message: 'the settings say which model is used: {setting} in {file}',
    remedy: 'take {setting} out of {file}, batos down, and type the same again',
  },
  E_MODEL_GATED: {
    class: 'refuse',
    message: '{url} is given only to those whom its owner admits ({status})',
    remedy: 'accept its terms at {page}, make a token there, and put it into HF_TOKEN',
  },
  E_DOWNLOAD_STOPPED: {
    class: 'retry',
    message: 'the download of {url} stopped at {received} bytes: {reason}',
    remedy: 'type the same again: it goes on from there',
  },
  E_UNREACHABLE: {
    class: 'retry',
    message: '{host} cannot be reached: {reason}',
    remedy:
      'look at the network and type the same again; a file that you have needs none: batos model pull FILE.gguf',
  },
  E_DOWNLOAD_REFUSED: {
    class: 'refuse',
    message: '{url} cannot be fetched: {reason}',
    remedy: 'look for its address anew, or give a file that you have',
  },
  E_CHECKSUM: {
    class: 'refuse',
    message: '{url}: what came has the SHA-256 {found} instead of {expected}',
    remedy: 'it is kept aside as {kept}; type the same again to fetch it anew',
  },
  E_NO_ROOM: {
    class: 'refuse',
    message: '{folder} has {free} bytes free, {needed} are needed',
    remedy: 'make room, or choose another home with --home DIR',
  },

  // inference
  E_NO_MODEL: {
    class: 'refuse',
    message: 'no model is at work: {reason}',
    remedy: 'run: batos doctor',
  },
  E_MODEL_QUARANTINED: {
    class: 'refuse',
    message: '{model} ended its process {deaths} times with no answer between, the last time with {how}',
    remedy: 'batos model list shows others; batos model use seed takes the one that came with BAT OS',
  },
  E_ADAPTER_QUARANTINED: {
    class: 'refuse',
    message: 'the adapter {adapter} ended the inference process {deaths} times, the last time with {how}',
    remedy: 'export it again for this model; what needs it goes without until then',
  },
  E_ENGINE_UNAVAILABLE: {
    class: 'refuse',
    message: 'inference cannot run here: {reason}',
    remedy: 'run npm install again, then batos doctor',
  },
  E_ENGINE_LOST: {
    class: 'retry',
    message: 'the inference process ended with {how} while it was answering',
    remedy: 'ask again; it is being started anew',
  },
  E_SERVER_LOST: {
    class: 'retry',
    message: 'the model server {url} does not answer: {reason}',
    remedy: 'see that it runs, then ask again',
  },
  E_ENGINE_REFUSED: {
    class: 'refuse',
    message: 'the model server {url} refuses: {reason}',
    remedy: '{hint}',
  },
  E_ANSWER_FORM: {
    class: 'retry',
    message: 'the model server {url} takes no grammar, and the answer is not of the form asked for: {answer}',
    remedy: 'ask again, or use a server that takes grammars: llama-server, vLLM',
  },
  E_ENGINE_FAILED: {
    class: 'retry',
    message: 'inference failed: {reason}',
    remedy: 'ask again; the log has the whole story',
  },
  E_ENGINE_STOPPED: {
    class: 'retry',
    message: 'inference has been stopped',
    remedy: 'ask again when BAT OS is up',
  },
  E_INFER_REQUEST: {
    class: 'refuse',
    message: 'inference request: {path} {problem}',
    remedy: 'this is a defect of the caller',
  },
  E_PROMPT_TOO_LONG: {
    class: 'refuse',
    message: 'the prompt has {tokens} tokens and asks for up to {maxTokens} more; the context holds {limit}',
    remedy: 'shorten the message, or set a larger model.contextSize in batos.config.json',
  },
  E_GRAMMAR: {
    class: 'refuse',
    message: 'the grammar of the request cannot be used: {reason}',
    remedy: 'this is a defect of the caller',
  },

  // training
  E_TRAINER_SETTINGS: {
    class: 'refuse',
    message: 'training settings: {path}: {problem}',
    remedy: 'correct {path} and start the training again',
  },
  E_TRAINER_DATA: {
    class: 'refuse',
    message: '{problems}',
    remedy:
      "each line is a JSON object with `messages`, the last of them the assistant's; mend these lines and start again",
  },
  E_TRAINER_TOO_LONG: {
    class: 'refuse',
    message: '{problems}',
    remedy: 'nothing is cut: make them shorter, let rows be longer (--length), or --longer leave-out',
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
    remedy: 'start it again, `batos forge train` with --resume: it goes on from its last checkpoint',
  },
  E_TRAINER_CANCELLED: {
    class: 'refuse',
    message: 'the training was cancelled after step {step}',
    remedy: 'start it again to go on from there (`batos forge train` with --resume)',
  },
  E_EXAMPLES: {
    class: 'refuse',
    message: '{file}: {problem}',
    remedy: 'each line is a training document that was never trained on; docs/forge.md has its form',
  },
  E_HELD_OUT: {
    class: 'refuse',
    message: 'the held-out set has {count} examples; fewer than {least} can show nothing at p < {p}',
    remedy: 'give a larger one with --data FILE',
  },
  E_GATE_STALE: {
    class: 'retry',
    message: '{name} or what serves {persona} was changed while it was examined',
    remedy: 'batos forge gate {name}',
  },
  E_EXPERT_SERVES: {
    class: 'refuse',
    message: '{name} serves {persona} already, and could only be compared with itself',
    remedy:
      'batos experts history tells how it was let in; batos experts use bare-{persona} has the model as it is serve',
  },
  E_NO_HELD_OUT: {
    class: 'refuse',
    message: 'no held-out set came with {name}, and the gate has nothing to examine it with',
    remedy: 'batos forge gate {name} --data HELD_OUT.jsonl',
  },
  E_EXAMINER: {
    class: 'retry',
    message: 'the model that is to examine the adapter did not come up: {reason}',
    remedy: 'batos doctor looks for causes',
  },
  E_GATE_LOCAL: {
    class: 'refuse',
    message: 'an adapter is examined with a model that runs here; the settings say model.engine {engine}',
    remedy:
      'set model.engine to local in batos.config.json, restart, type the same again, and set it back: what serves then is asked for at the server, if it has an adapter of its digest, name or persona',
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
  return sentence.replace(/\{(\w+)\}/g, (_, name: string) => shown(values[name]))
}

function shown(value: unknown): string {
  if (value === undefined) return ''
  if (typeof value === 'string') return value
  return Array.isArray(value) ? value.map(shown).join(', ') : (JSON.stringify(value) ?? String(value))
}
