// What the methods of the language's own objects do to their receiver and what they answer, as far as the covenant
// needs to know it. Names are judged without knowing the receiver's class: `delete` is a change whether the value is
// a Map or a Set.

/** Methods that change their receiver. */
export const MUTATORS: ReadonlySet<string> = new Set([
  ...['push', 'pop', 'shift', 'unshift', 'splice', 'sort', 'reverse', 'fill', 'copyWithin'],
  ...['set', 'add', 'clear', 'delete'],
  ...['Date', 'FullYear', 'Hours', 'Milliseconds', 'Minutes', 'Month', 'Seconds', 'Time', 'Year'].map(
    (p) => `set${p}`,
  ),
  ...['Date', 'FullYear', 'Hours', 'Milliseconds', 'Minutes', 'Month', 'Seconds'].map((p) => `setUTC${p}`),
  ...['__defineGetter__', '__defineSetter__'],
])

/** Of those, the ones that may put an argument into the receiver. */
export const TAKES_ARGUMENTS: ReadonlySet<string> = new Set([
  'push',
  'unshift',
  'splice',
  'fill',
  'set',
  'add',
])

/** Functions of `Object` and `Reflect` that change their first argument. */
export const STATIC_MUTATORS: ReadonlySet<string> = new Set([
  'Object.assign',
  'Object.defineProperty',
  'Object.defineProperties',
  'Object.setPrototypeOf',
  'Reflect.set',
  'Reflect.defineProperty',
  'Reflect.deleteProperty',
  'Reflect.setPrototypeOf',
])

/**
 * element    something inside the receiver (or what the callback gave)
 * receiver   the receiver itself
 * copy       a fresh array or iterator over what is inside the receiver
 * pairs      the same, in fresh pairs
 * mapped     a fresh array of what the callback gave
 * promise    the receiver, or what the callback gave
 * primitive  text, a number, a truth value or nothing
 */
export type Answer = 'element' | 'receiver' | 'copy' | 'pairs' | 'mapped' | 'promise' | 'primitive'

const table: Readonly<Record<Answer, string>> = {
  element: 'at find findLast pop shift get reduce reduceRight',
  receiver: 'sort reverse fill copyWithin valueOf add set',
  copy:
    'slice filter concat flat toSorted toReversed toSpliced with splice values keys next return union ' +
    'intersection difference symmetricDifference',
  pairs: 'entries',
  mapped: 'map flatMap',
  promise: 'then catch finally',
  primitive:
    'includes indexOf lastIndexOf join some every findIndex findLastIndex has push unshift forEach delete clear ' +
    'toString toLocaleString toJSON toFixed toPrecision toExponential charAt charCodeAt codePointAt endsWith ' +
    'startsWith localeCompare match matchAll normalize padEnd padStart repeat replace replaceAll search split ' +
    'substr substring toLowerCase toUpperCase toLocaleLowerCase toLocaleUpperCase trim trimEnd trimStart ' +
    'hasOwnProperty isPrototypeOf propertyIsEnumerable test exec getTime getDate getDay getFullYear getHours ' +
    'getMilliseconds getMinutes getMonth getSeconds getTimezoneOffset getUTCDate getUTCDay getUTCFullYear ' +
    'getUTCHours getUTCMilliseconds getUTCMinutes getUTCMonth getUTCSeconds toISOString toDateString ' +
    'isSubsetOf isSupersetOf isDisjointFrom isWellFormed toWellFormed',
}

/** How the answer of a built-in method relates to its receiver; undefined for names that are no built-in. */
export const ANSWERS: ReadonlyMap<string, Answer> = new Map(
  (Object.keys(table) as Answer[]).flatMap((answer) =>
    table[answer].split(' ').map((name) => [name, answer]),
  ),
)

/** What a callback of a built-in method is called with. */
export type CallbackValue = 'element' | 'receiver' | 'result' | 'primitive'

/** The parameters of the callback of a built-in method, in order; others are given anything in sight. */
export const CALLBACK_PARAMETERS: ReadonlyMap<string, readonly CallbackValue[]> = new Map<
  string,
  readonly CallbackValue[]
>([
  ...['filter', 'find', 'findIndex', 'findLast', 'findLastIndex', 'some', 'every', 'map', 'flatMap'].map(
    (name) => [name, ['element', 'primitive', 'receiver']] as const,
  ),
  ['forEach', ['element', 'element', 'receiver']], // of a Map, the second is its key
  ['reduce', ['result', 'element', 'primitive', 'receiver']],
  ['reduceRight', ['result', 'element', 'primitive', 'receiver']],
  ['sort', ['element', 'element']],
  ['toSorted', ['element', 'element']],
  ['then', ['receiver', 'primitive']],
  ['replace', ['primitive', 'primitive', 'primitive', 'primitive', 'primitive', 'primitive']],
  ['replaceAll', ['primitive', 'primitive', 'primitive', 'primitive', 'primitive', 'primitive']],
])
