// Values inside the realm: guest source. `enc` turns what generated code made into the tagged form of marshal.ts and
// refuses what is no image value; `dec` is its inverse and works in place on what JSON.parse gave. A reference is a
// proxy of its object; Trees, Blobs, and Methods and Primitives within data are handles: empty frozen objects that can be
// kept and handed on, not looked into.
//
// Uses from the prelude: `entryOfProxy` (proxy -> entry), `proxyOf(number)`, `fail(code, message)`.
export const guestValues = `
  const { parse, stringify } = JSON
  const { isArray } = Array
  const { keys, getPrototypeOf, freeze, create } = Object
  const entryOfProxy = new WeakMap()
  const handles = new WeakMap()
  const deepest = 100
  const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

  function handle(node) {
    const made = freeze(create(null))
    handles.set(made, node)
    return made
  }

  function dec(node) {
    if (typeof node !== 'object' || node === null) return node
    if (isArray(node)) {
      for (let i = 0; i < node.length; i++) node[i] = dec(node[i])
      return node
    }
    const names = keys(node)
    if (names.length === 1 && names[0][0] === '$') {
      const content = node[names[0]]
      switch (names[0]) {
        case '$r': return proxyOf(content)
        case '$d': return new OriginalDate(content)
        case '$n': return BigInt(content)
        case '$f': return Number(content)
        case '$b': return Uint8Array.from(content.match(/../g) ?? [], (pair) => parseInt(pair, 16))
        case '$o': {
          const made = {}
          for (const [key, item] of content) made[key] = dec(item)
          return made
        }
        default: return handle(node)
      }
    }
    for (const name of names) node[name] = dec(node[name])
    return node
  }

  // The value as tagged JSON; path says where in a message, above holds the values around it.
  function enc(value, path, above) {
    switch (typeof value) {
      case 'string':
      case 'boolean': return value
      case 'number':
        if (value !== value || value === Infinity || value === -Infinity) return { $f: String(value) }
        return value === 0 && 1 / value < 0 ? { $f: '-0' } : value
      case 'bigint': return { $n: String(value) }
      case 'undefined': return null
      case 'function': return fail('value', path + ' is a function')
      case 'symbol': return fail('value', path + ' is a symbol')
    }
    if (value === null) return null
    const entry = entryOfProxy.get(value)
    if (entry !== undefined) return { $r: entry.n }
    const node = handles.get(value)
    if (node !== undefined) return node
    if (above === undefined) above = []
    if (above.includes(value)) return fail('value', path + ' contains itself')
    if (above.length >= deepest) return fail('value', path.slice(0, 60) + '… is nested more than ' + deepest + ' deep')
    if (isArray(value)) {
      above.push(value)
      const made = []
      for (let i = 0; i < value.length; i++) made[i] = enc(value[i], path + '[' + i + ']', above)
      above.pop()
      return made
    }
    const prototype = getPrototypeOf(value)
    if (prototype === OriginalDate.prototype) {
      const time = value.getTime()
      return time === time ? { $d: time } : fail('value', path + ' is an invalid date')
    }
    if (prototype === Uint8Array.prototype) return { $b: Array.from(value, (byte) => hex[byte]).join('') }
    if (prototype === Promise.prototype) return fail('value', path + ' is a promise: await it')
    if (prototype !== Object.prototype && prototype !== null) {
      return fail('value', path + ' is neither plain data nor an object of the image')
    }
    above.push(value)
    const names = keys(value)
    const made = {}
    for (const name of names) {
      const item = value[name]
      if (item !== undefined) made[name] = enc(item, path + '.' + name, above)
    }
    above.pop()
    const kept = keys(made)
    return kept.length === 1 && kept[0][0] === '$' ? { $o: [[kept[0], made[kept[0]]]] } : made
  }

  const encText = (value, path) => stringify(enc(value, path))

  // What crosses from one object to another is copied: values have no identity.
  const copy = (value, path) => (isScalar(value) ? value : dec(enc(value, path)))

  function isScalar(value) {
    const type = typeof value
    return (type !== 'object' && type !== 'function' && type !== 'symbol') || value === null
  }
`
