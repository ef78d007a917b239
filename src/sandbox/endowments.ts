// What generated code finds around it: the language, and nothing of the machine. This is guest source, run once when a
// realm is made, before any other code. It
//
//   - takes away every way to make code from text (eval, Function and the three hidden function constructors), shared
//     memory, and what shows the collector at work (WeakRef, FinalizationRegistry) or stands between (Proxy);
//   - makes time and chance those of the call: the same call gives the same answer;
//   - freezes all that is left, so that one object's method cannot change the language under another's. Assigning
//     `toString` or `message` to an object of one's own goes on working, as it would not with plain frozen prototypes.
//
// It leaves `setMoment(now, seed)` to the prelude.
export const endowments = `
  const OriginalDate = Date
  const evaluate = eval
  const OriginalProxy = Proxy
  let moment = 0
  let random = () => 0

  // sfc32 (C. Doty-Humphrey, PractRand), started from one number as its author recommends.
  function sfc32(seed) {
    let a = seed | 0, b = (seed / 4294967296) | 0, c = 0x9e3779b9 | 0, counter = 1
    const next = () => {
      const sum = (((a + b) | 0) + counter) | 0
      counter = (counter + 1) | 0
      a = b ^ (b >>> 9)
      b = (c + (c << 3)) | 0
      c = (((c << 21) | (c >>> 11)) + sum) | 0
      return (sum >>> 0) / 4294967296
    }
    for (let i = 0; i < 12; i++) next()
    return next
  }

  function setMoment(now, seed) {
    moment = now
    random = () => {
      random = sfc32(seed)
      return random()
    }
  }

  function CallDate(...parts) {
    if (new.target === undefined) return new OriginalDate(moment).toString()
    return Reflect.construct(OriginalDate, parts.length === 0 ? [moment] : parts, new.target)
  }

  function install() {
    for (const name of ['parse', 'UTC']) Object.defineProperty(CallDate, name, { value: OriginalDate[name] })
    Object.defineProperty(CallDate, 'now', { value: () => moment })
    Object.defineProperty(CallDate, 'name', { value: 'Date' })
    CallDate.prototype = OriginalDate.prototype
    OriginalDate.prototype.constructor = CallDate
    globalThis.Date = CallDate
    Math.random = () => random()

    for (const name of ['eval', 'Function', 'SharedArrayBuffer', 'Atomics', 'WeakRef', 'FinalizationRegistry',
      'Proxy', 'escape', 'unescape']) delete globalThis[name]
    const kinds = [function () {}, async function () {}, function* () {}, async function* () {}]
    for (const kind of kinds) delete Object.getPrototypeOf(kind).constructor
    for (const name of ['__proto__', '__defineGetter__', '__defineSetter__', '__lookupGetter__',
      '__lookupSetter__']) delete Object.prototype[name]

    for (const holder of [Object, Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError,
      InternalError, AggregateError]) keepAssignable(holder.prototype)
    freezeAll([globalThis, ...kinds, [][Symbol.iterator](), ''[Symbol.iterator](), new Map().entries(),
      new Set().values(), ''.matchAll(/a/g), Iterator.from({ next() {} }), [].values().map((x) => x)])
  }

  // A frozen data property would forbid objects that inherit it to have their own; an accessor allows it.
  function keepAssignable(prototype) {
    for (const key of Reflect.ownKeys(prototype)) {
      const found = Object.getOwnPropertyDescriptor(prototype, key)
      if (typeof key !== 'string' || !('value' in found)) continue
      Object.defineProperty(prototype, key, {
        get: () => found.value,
        set(value) {
          if (this === prototype) throw new TypeError(key + ' is read-only')
          Object.defineProperty(this, key, { value, writable: true, enumerable: true, configurable: true })
        },
        configurable: true,
      })
    }
  }

  function freezeAll(roots) {
    const seen = new Set()
    const visit = (item) => {
      if ((typeof item === 'object' && item !== null) || typeof item === 'function') {
        if (seen.has(item)) return
        seen.add(item)
        roots.push(item)
      }
    }
    while (roots.length > 0) {
      const item = roots.pop()
      seen.add(item)
      Object.freeze(item)
      visit(Object.getPrototypeOf(item))
      for (const key of Reflect.ownKeys(item)) {
        const found = Object.getOwnPropertyDescriptor(item, key)
        visit(found.value)
        visit(found.get)
        visit(found.set)
      }
    }
  }
`
