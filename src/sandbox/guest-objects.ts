// Objects inside the realm: guest source. An entry stands for one object of the image; its slots are brought in whole by
// one host call on first touch and stay text until they are read. Generated code only ever sees the entry's proxy.
//
// A cell is one slot: k is 'd' (data in v), 'u' (data still text in was), 'm' (Method number v) or 'p' (Primitive
// named v). was is the text that was brought in, or undefined where v is a scalar that nobody has set since, or the empty
// text when the slot is new. Invariant: a slot differs from the image only if enc(v) no longer gives was.
//
// Uses from the prelude: host, fail, send, unhandledRead.
export const guestObjects = `
  const entries = new Map()
  // Slots that came or went since the call began: what was found by lookup before is found anew.
  let epoch = 0

  function entryOf(n) {
    let entry = entries.get(n)
    if (entry === undefined) {
      entry = { n, slots: undefined, parents: undefined, frozen: false, flagged: false, created: false,
        gone: undefined, proxy: undefined, found: undefined, foundAt: 0 }
      entry.proxy = new OriginalProxy(entry, traps)
      entryOfProxy.set(entry.proxy, entry)
      entries.set(n, entry)
    }
    return entry
  }

  const proxyOf = (n) => entryOf(n).proxy
  const nameOf = (entry, slot) => 'obj:' + entry.n + (slot === undefined ? '' : '.' + slot)

  function slotsOf(entry) {
    if (entry.slots !== undefined) return entry.slots
    const text = host.read(entry.n)
    if (text === '') return fail('reach', nameOf(entry) + ' does not exist')
    const parts = parse(text)
    const slots = new Map()
    for (let i = 1; i < parts.length; i += 2) slots.set(parts[i], cellOf(parts[i + 1]))
    entry.frozen = parts[0]
    return (entry.slots = slots)
  }

  function cellOf(part) {
    if (typeof part !== 'object' || part === null) return { k: 'd', v: part, was: undefined }
    switch (part[0]) {
      case 'j':
      case 't': return { k: 'u', v: part[0] === 't', was: part[1] }
      case 'r': return { k: 'd', v: proxyOf(part[1]), was: undefined }
      default: return { k: part[0], v: part[1], was: undefined }
    }
  }

  const isData = (cell) => cell.k === 'd' || cell.k === 'u'

  function dataOf(cell) {
    if (cell.k === 'u') {
      const tagged = cell.v
      cell.k = 'd'
      cell.v = tagged ? dec(parse(cell.was)) : parse(cell.was)
    }
    return cell.v
  }

  // Parent slots in slot order; from here they cannot change, so they are read once.
  function parentsOf(entry) {
    if (entry.parents !== undefined) return entry.parents
    const parents = []
    for (const [name, cell] of slotsOf(entry)) {
      if (name[name.length - 1] !== '*' || !isData(cell)) continue
      const value = dataOf(cell)
      for (const parent of isArray(value) ? value : [value]) {
        const known = typeof parent === 'object' && parent !== null ? entryOfProxy.get(parent) : undefined
        if (known !== undefined) parents.push(known)
      }
    }
    return (entry.parents = parents)
  }

  // The cell under name in entry or, depth first and each object once, in its parents.
  function lookup(entry, name) {
    const own = (entry.slots ?? slotsOf(entry)).get(name)
    if (own !== undefined) return own
    const parents = parentsOf(entry)
    if (parents.length === 0) return undefined
    if (entry.found === undefined || entry.foundAt !== epoch) {
      entry.found = new Map()
      entry.foundAt = epoch
    }
    let cell = entry.found.get(name)
    if (cell === undefined) {
      cell = lookupAbove(parents, name, new Set([entry]))
      if (cell !== undefined) entry.found.set(name, cell)
    }
    return cell
  }

  function lookupAbove(parents, name, seen) {
    for (const parent of parents) {
      if (seen.has(parent)) continue
      seen.add(parent)
      const found = slotsOf(parent).get(name) ?? lookupAbove(parentsOf(parent), name, seen)
      if (found !== undefined) return found
    }
    return undefined
  }

  const internal = (name) => name[name.length - 1] === '*' ||
    (name[0] === '_' && (name.startsWith('_p_') || name.startsWith('_v_')))

  function writable(entry, name) {
    if (internal(name)) return fail('storage', nameOf(entry, name) + ' is not for methods to change')
    const slots = slotsOf(entry)
    if (entry.frozen) return fail('reach', nameOf(entry) + ' is frozen: methods cannot change it')
    const cell = slots.get(name)
    if (cell !== undefined && !isData(cell)) {
      return fail('storage', nameOf(entry, name) + ' is a method: methods cannot replace methods')
    }
    return cell
  }

  const traps = {
    get(entry, name) {
      if (typeof name === 'symbol') return undefined
      const cell = lookup(entry, name)
      if (cell !== undefined) {
        if (isData(cell)) return dataOf(cell)
        // The language calls these by itself, and means something else by them.
        if (name === 'then' || name === 'toJSON') return undefined
        return (...args) => send(entry, name, args, cell)
      }
      switch (name) {
        case 'send': return (selector, ...args) => send(entry, String(selector), args)
        case '_p_changed': return entry.flagged
        case 'toString': return () => nameOf(entry)
        case 'valueOf': return () => entry.proxy
        case 'then':
        case 'toJSON':
        case 'constructor': return undefined
      }
      if (name[name.length - 1] === '_' && name[0] !== '_') return (...args) => send(entry, name, args)
      unhandledRead(entry, name)
      return undefined
    },
    set(entry, name, value) {
      if (typeof name === 'symbol') return fail('storage', 'a slot has a text for a name')
      if (name === '_p_changed') {
        if (value !== true) return fail('storage', nameOf(entry, name) + ' can only be set to true')
        entry.flagged = true
        return true
      }
      const cell = writable(entry, name)
      if (typeof value === 'function') return fail('value', nameOf(entry, name) + ' would hold a function')
      if (typeof value === 'symbol') return fail('value', nameOf(entry, name) + ' would hold a symbol')
      const kept = value === undefined ? null : value
      if (cell === undefined) {
        entry.slots.set(name, { k: 'd', v: kept, was: '' })
        epoch++
      } else {
        cell.was ??= encText(cell.v, name)
        cell.k = 'd'
        cell.v = kept
      }
      return true
    },
    deleteProperty(entry, name) {
      if (typeof name === 'symbol') return true
      const cell = writable(entry, name)
      if (cell === undefined) return true
      if (cell.was !== '' && !entry.created) (entry.gone ??= []).push(name)
      epoch++
      return entry.slots.delete(name)
    },
    has(entry, name) {
      return typeof name === 'string' && lookup(entry, name) !== undefined
    },
    ownKeys(entry) {
      return [...slotsOf(entry)].filter(([name, cell]) => isData(cell) && !internal(name)).map(([name]) => name)
    },
    getOwnPropertyDescriptor(entry, name) {
      const cell = typeof name === 'string' ? slotsOf(entry).get(name) : undefined
      if (cell === undefined || !isData(cell) || internal(name)) return undefined
      return { value: dataOf(cell), writable: true, enumerable: true, configurable: true }
    },
    defineProperty(entry, name, descriptor) {
      return 'value' in descriptor ? traps.set(entry, name, descriptor.value) : fail('storage', 'slots hold values only')
    },
    getPrototypeOf() { return null },
    setPrototypeOf() { return fail('storage', 'parents are slots: methods cannot change them') },
    preventExtensions() { return fail('storage', 'objects cannot be sealed by methods') },
  }

  // Every object that now differs from what was brought in, as the host takes it: [n, name, part, name, part, …] in
  // slot order. A part is 0 (as it was), [node] (new content), or a method's cell as brought in.
  function changes() {
    const changed = []
    const unflagged = []
    for (const entry of entries.values()) {
      if (entry.slots === undefined) continue
      const parts = [entry.n]
      const differing = entry.gone === undefined ? [] : [...entry.gone]
      for (const [name, cell] of entry.slots) {
        parts.push(name)
        if (cell.k === 'm' || cell.k === 'p') {
          parts.push(entry.created ? { k: cell.k, v: cell.v } : 0)
        } else if (cell.k === 'u') {
          parts.push(entry.created ? [parse(cell.was)] : 0)
        } else if (entry.created) {
          parts.push([enc(cell.v, nameOf(entry, name))])
        } else if (cell.was === undefined) {
          parts.push(0)
        } else {
          const node = enc(cell.v, nameOf(entry, name))
          const same = cell.was !== '' && sameText(stringify(node), cell.was)
          parts.push(same ? 0 : [node])
          if (!same) differing.push(name)
        }
      }
      if (differing.length === 0 && !entry.created) continue
      const where = differing.map((name) => nameOf(entry, name)).join(', ')
      if (entry.frozen) return fail('reach', nameOf(entry) + ' is frozen: ' + where + ' cannot change', entry.n)
      if (!entry.flagged && !entry.created) unflagged.push({ n: entry.n, where })
      changed.push(parts)
    }
    if (unflagged.length > 0) {
      const all = unflagged.map(({ where }) => where).join(', ')
      return fail('amnesia', all + ' changed, and self._p_changed = true was not set', unflagged[0].n)
    }
    return changed
  }

  const sameText = (now, was) => now === was || now === encText(dec(parse(was)), '')
`
