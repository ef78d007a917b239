// Random small methods over `self` (slots n, items, map), for comparing a verdict with what happens when they run.
// A program is a function of a tape of numbers, so that a failing one shrinks with its tape.
//
// The argument `a` has `a.c()`, which answers true or false as the run decides, and `a.go()`, which may throw.

export interface Style {
  /** Straight lines only: no branches, loops, functions or exceptions, so that a verdict can be exact. */
  readonly straight?: boolean
}

type Kind = 'obj' | 'arr' | 'num' | 'fn' | 'afn'

class Writer {
  #at = 0
  #names = 0
  readonly #scopes: { name: string; kind: Kind; fixed: boolean }[][] = [[]]
  readonly #tape: readonly number[]
  readonly #straight: boolean
  #loops = 0
  #inFunction = 0
  #inSync = 0

  constructor(tape: readonly number[], { straight = false }: Style) {
    this.#tape = tape
    this.#straight = straight
  }

  #pick(n: number): number {
    const value = this.#tape[this.#at++]
    return value === undefined ? 0 : value % n
  }
  get #done(): boolean {
    return this.#at >= this.#tape.length
  }
  #one(...choices: readonly (() => string)[]): string {
    return choices[this.#pick(choices.length)]!()
  }
  #local(kind: Kind, writable = false): string | undefined {
    const fits = this.#scopes.flat().filter((x) => x.kind === kind && !(writable && x.fixed))
    return fits.length > 0 ? fits[this.#pick(fits.length)]!.name : undefined
  }
  #declare(kind: Kind, fixed: boolean): string {
    const name = `v${this.#names++}`
    this.#scopes.at(-1)!.push({ name, kind, fixed })
    return name
  }

  method(): string {
    return `async function f_(self, a) {\n${this.#block(3, 4)}\n}`
  }

  #block(depth: number, least = 1): string {
    return this.#scoped(() => {
      const lines: string[] = []
      const count = least + this.#pick(4)
      for (let i = 0; i < count && !this.#done; i++) lines.push(this.#statement(depth))
      return lines.join('\n')
    })
  }
  #scoped<T>(run: () => T): T {
    this.#scopes.push([])
    try {
      return run()
    } finally {
      this.#scopes.pop()
    }
  }

  #obj(depth = 2): string {
    if (depth === 0) return this.#local('obj') ?? 'self.items[0]'
    const inner = () => this.#obj(depth - 1)
    return this.#one(
      () => 'self.items[0]',
      () => 'self.map.k',
      () => this.#local('obj') ?? '{ n: 1 }',
      () => this.#local('obj') ?? 'self.map.k',
      () => '{ n: 1 }',
      () => `{ ...${inner()} }`,
      () => `{ n: 2, o: ${inner()} }`,
      () => `(${inner()}).o`,
      () => `${this.#arr(depth - 1)}[0]`,
      () => `${this.#arr(depth - 1)}.at(-1)`,
      () => `${this.#arr(depth - 1)}.find(x => x)`,
      () => `[...${this.#arr(depth - 1)}].pop()`,
      () => `${this.#arr(depth - 1)}.reduce((x, y) => y, { n: 0 })`,
      () => (this.#straight ? inner() : `(a.c() ? ${inner()} : ${inner()})`),
      () => (this.#straight ? inner() : `(${inner()} ?? ${inner()})`),
      () => `new Map([['k', ${inner()}]]).get('k')`,
      () => `Object.assign({}, { o: ${inner()} })`,
      () => `(x => x)(${inner()})`,
    )
  }
  #arr(depth = 2): string {
    if (depth <= 0) return this.#local('arr') ?? 'self.items'
    const inner = () => this.#arr(depth - 1)
    return this.#one(
      () => 'self.items',
      () => this.#local('arr') ?? 'self.items',
      () => this.#local('arr') ?? '[]',
      () => `[...${inner()}]`,
      () => `${inner()}.slice()`,
      () => `${inner()}.filter(x => x)`,
      () => `${inner()}.map(x => ({ ...x }))`,
      () => `${inner()}.map(x => x)`,
      () => `[${this.#obj(depth - 1)}]`,
      () => `[${this.#obj(depth - 1)}, ${this.#obj(depth - 1)}]`,
      () => 'Object.values(self.map)',
      () => `Object.entries(self.map).map(([k, v]) => v)`,
      () => `${inner()}.concat(${inner()})`,
      () => `[${inner()}, ${inner()}].flat()`,
      () => `Array.from(${inner()})`,
      () => `[...new Set(${inner()})]`,
      () => `${inner()}.reverse()`,
    )
  }
  #num(): string {
    return this.#one(
      () => '1',
      () => 'self.n',
      () => this.#local('num') ?? '2',
      () => `${this.#arr(1)}.length`,
    )
  }

  // A write, with or without effect on the state.
  #write(): string {
    return this.#one(
      () => `self.n = ${this.#num()}`,
      () => `self.n += 1`,
      () => `self.n++`,
      () => `self.items = ${this.#arr()}`,
      () => `self.map.k = ${this.#obj()}`,
      () => `self.box = ${this.#obj()}`,
      () => `(${this.#obj()}).n = ${this.#num()}`,
      () => `(${this.#obj()}).n += 1`,
      () => `(${this.#obj()}).o = ${this.#obj(1)}`,
      () => `delete (${this.#obj()}).n`,
      () => `${this.#arr()}.push(${this.#obj(1)})`,
      () => `${this.#arr()}.pop()`,
      () => `${this.#arr()}.sort()`,
      () => `(${this.#arr()})[0] = ${this.#obj(1)}`,
      () => `[self.n] = [${this.#num()}]`,
      () => `({ n: self.n } = { n: 3 })`,
      () => `Object.assign(${this.#obj()}, { m: ${this.#num()} })`,
      () => `Array.prototype.push.call(${this.#arr()}, ${this.#obj(1)})`,
      () => (this.#straight ? 'self.n = 5' : `self.z ??= ${this.#num()}`),
      () => (this.#straight ? 'delete self.n' : `a.c() && (self.n = 7)`),
      () => (this.#straight ? 'self["n"] = 8' : `(a.c() ? self : ${this.#obj(1)}).n = 9`),
    )
  }
  #flag(): string {
    return 'self._p_changed = true'
  }

  #statement(depth: number): string {
    const choice = this.#pick(this.#straight ? 10 : 30)
    const deep = depth > 0
    const block = () => this.#block(depth - 1)
    switch (choice) {
      case 0:
      case 1:
      case 2:
        return `${this.#flag()};`
      case 3:
      case 4:
        return `;${this.#write().replace(/^(\{|\()/, '0, $1')};`
      case 5: {
        const value = this.#obj()
        return `const ${this.#declare('obj', true)} = ${value};`
      }
      case 6: {
        const value = this.#arr()
        return `const ${this.#declare('arr', true)} = ${value};`
      }
      case 7:
        return this.#one(
          () => `const { items: ${this.#declare('arr', true)} } = self;`,
          () => `const [${this.#declare('obj', true)}] = self.items;`,
          () => `const { map: { k: ${this.#declare('obj', true)} } } = self;`,
          () => {
            const value = this.#obj()
            return `const { o: ${this.#declare('obj', true)} = { n: 4 } } = ${value};`
          },
          () => `const [, ...${this.#declare('arr', true)}] = [0, ...self.items];`,
        )
      case 8: {
        const value = this.#num()
        return `let ${this.#declare('num', false)} = ${value};`
      }
      case 9: {
        const [kind, value] = this.#pick(2)
          ? (['obj', this.#obj()] as const)
          : (['arr', this.#arr()] as const)
        return `let ${this.#declare(kind, false)} = ${value};`
      }
      case 10: {
        const name = this.#local('obj', true)
        return name ? `${name} = ${this.#obj()};` : `${this.#flag()};`
      }
      case 11: {
        const name = this.#local('arr', true)
        return name ? `${name} = ${this.#arr()};` : `${this.#flag()};`
      }
      case 12:
      case 13:
        return deep ? `if (a.c()) {\n${block()}\n}` : 'a.go();'
      case 14:
        return deep ? `if (a.c()) {\n${block()}\n} else {\n${block()}\n}` : 'a.go();'
      case 15:
      case 16: {
        if (!deep) return 'a.go();'
        const over = this.#arr()
        return this.#loop(
          () => `for (const ${this.#declare('obj', true)} of ${over}.slice(0, 3)) {\n${block()}\n}`,
        )
      }
      case 17: {
        if (!deep) return 'a.go();'
        const i = `i${this.#names++}`
        return this.#one(
          () => this.#loop(() => `for (let ${i} = 0; ${i} < 2; ${i}++) {\n${block()}\n}`),
          () => this.#loop(() => `let ${i} = 0; while (${i}++ < 2) {\n${block()}\n}`),
          () => this.#loop(() => `let ${i} = 0; do {\n${block()}\n} while (${i}++ < 2);`),
          () => this.#loop(() => `for (let ${i} = 0; ; ${i}++) { if (${i} > 2) break;\n${block()}\n}`),
        )
      }
      case 18:
        return deep ? `try {\n${block()}\n} catch (e) {\n${block()}\n}` : 'a.go();'
      case 19:
        return deep ? `try {\n${block()}\n} finally {\n${block()}\n}` : 'a.go();'
      case 20: {
        if (!deep) return 'a.go();'
        const cases = [0, 1, 2].map((n) =>
          this.#scoped(() => `case ${n}: {\n${block()}\n} ${this.#pick(2) ? 'break;' : ''}`),
        )
        return this.#loop(() => `switch (a.c() ? 1 : a.c() ? 2 : 3) {\n${cases.join('\n')}\n}`, false)
      }
      case 21:
        return this.#inFunction > 0
          ? `return ${this.#obj()};`
          : this.#pick(2)
            ? 'return 1;'
            : `return ${this.#num()};`
      case 22:
        return this.#loops > 0
          ? this.#one(
              () => 'break;',
              () => 'continue;',
            )
          : 'a.go();'
      case 23:
        return this.#one(
          () => 'a.go();',
          () => 'if (a.c()) throw new Error("x");',
          () => 'a.go(self);',
        )
      case 24:
        return deep ? this.#helper(depth) : 'a.go();'
      case 25:
      case 26: {
        const fn = this.#local('fn')
        if (!fn) return `${this.#write().replace(/^(\{|\()/, '0, $1')};`
        return this.#one(
          () => `${fn}(${this.#obj()});`,
          () => `${this.#arr()}.forEach(${fn});`,
          () => `${this.#arr()}.map(x => ${fn}(x));`,
          () => `const ${this.#declare('obj', true)} = ${fn}(${this.#obj()}) ?? { n: 1 };`,
          () => `const o${this.#names} = { m: ${fn} }; o${this.#names++}.m(${this.#obj()});`,
          () => `[${fn}][0](${this.#obj()});`,
        )
      }
      case 27: {
        if (!deep) return 'a.go();'
        const over = this.#arr()
        return this.#insideFunction(true, () => {
          const param = this.#declare('obj', true)
          return `${over}.slice(0, 3).forEach(${param} => {\n${block()}\n});`
        })
      }
      case 28: {
        if (this.#inSync > 0) return 'a.go();'
        const fn = this.#local('afn')
        if (!fn) return 'await a.later();'
        return this.#one(
          () => `await ${fn}(${this.#obj()});`,
          () => `${fn}(${this.#obj()}).catch(() => 0);`,
          () => `await Promise.all(${this.#arr()}.map(${fn}));`,
          () => `await a.later().then(() => ${fn}(${this.#obj()}));`,
          () => `await a.later().then(() => { ${this.#write()} });`,
        )
      }
      default: {
        if (!deep) return 'a.go();'
        const label = `l${this.#names++}`
        const saved = this.#loops
        this.#loops = 0
        const body = this.#scoped(() => `${label}: {\n${block()}\nif (a.c()) break ${label};\n${block()}\n}`)
        this.#loops = saved
        return body
      }
    }
  }

  #loop(make: () => string, isLoop = true): string {
    if (isLoop) this.#loops++
    try {
      return this.#scoped(make)
    } finally {
      if (isLoop) this.#loops--
    }
  }
  #insideFunction(sync: boolean, make: () => string): string {
    const loops = this.#loops
    const inSync = this.#inSync
    this.#loops = 0
    this.#inFunction++
    this.#inSync = sync ? 1 : 0
    try {
      return this.#scoped(make)
    } finally {
      this.#loops = loops
      this.#inFunction--
      this.#inSync = inSync
    }
  }
  #helper(depth: number): string {
    const async = this.#inSync === 0 && this.#pick(3) === 0
    const text = this.#insideFunction(!async, () => {
      const param = this.#declare('obj', true)
      const body = this.#block(depth - 1)
      return `(${param}) => {\n${body}\n}`
    })
    return `const ${this.#declare(async ? 'afn' : 'fn', true)} = ${async ? 'async ' : ''}${text};`
  }
}

/** The method that a tape of numbers spells. */
export const randomMethod = (tape: readonly number[], style: Style = {}): string =>
  new Writer(tape, style).method()
