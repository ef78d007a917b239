import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Dealer } from 'zeromq'
import { type Peer, type RouterOptions, startRouter } from '../../kernel/router.ts'
import { BatError, type ErrorCode } from '../../src/base/errors.ts'
import type { Value } from '../../src/base/value.ts'
import { type ClientOptions, connect } from '../../src/protocol/client.ts'
import { decodeAnswer, encodeMessage } from '../../src/protocol/frames.ts'
import { type Keys, openKeys } from '../../src/protocol/keys.ts'
import type { Answer, Request } from '../../src/protocol/messages.ts'
import { type KeyPair, makeKeyPair, makeSeal, sealKey } from '../../src/protocol/seal.ts'
import { hostile } from '../protocol/hostile-bytes.ts'

const root = mkdtempSync(join(tmpdir(), 'batos-router-'))
after(() => rmSync(root, { recursive: true, force: true }))
let folders = 0

type Router = Awaited<ReturnType<typeof startRouter>>
type Handle = (request: Request, peer: Peer, router: Router) => void | Promise<void>

const result = (id: string, value: Value): Answer => ({ v: 1, id, kind: 'result', value })
const echo: Handle = async (request, peer, router) => {
  const value =
    request.command === 'send' && 'args' in request.mission_brief ? request.mission_brief.args[0] : null
  await router.send(peer.identity, result(request.id, { user: peer.user, value: value as Value }))
}
const say = (text: Value) => ({
  command: 'send' as const,
  target_oid: 'genesis',
  mission_brief: { type: 'message' as const, selector: 'say_', args: [text] },
})
const rejectsWith =
  (code: ErrorCode, details: object = {}) =>
  (error: unknown) => {
    assert.ok(error instanceof BatError, String(error))
    assert.equal(error.code, code, error.message)
    for (const [key, value] of Object.entries(details)) assert.deepEqual(error.details[key], value)
    return true
  }

async function serve(t: TestContext, handle: Handle = echo, more: Partial<RouterOptions> = {}) {
  const keys = more.keys ?? openKeys(join(root, String(folders++)))
  const faults: BatError[] = []
  const router: Router = await startRouter({
    endpoint: 'tcp://127.0.0.1:*',
    keys,
    onRequest: (request, peer) => handle(request, peer, router),
    onFault: (fault) => faults.push(fault),
    ...more,
  })
  t.after(async () => {
    await router.stop()
    assert.deepEqual(faults, [])
  })
  return { router, keys }
}

const reach = (keys: Keys, endpoint: string, pair: KeyPair = keys.client): ClientOptions => ({
  endpoint,
  serverKey: keys.server.publicKey,
  publicKey: pair.publicKey,
  secretKey: pair.secretKey,
})
function joined(t: TestContext, options: ClientOptions) {
  const client = connect(options)
  t.after(() => client.close())
  return client
}

/** A client of another make: a bare DEALER. */
function bareDealer(
  t: TestContext,
  keys: Keys,
  endpoint: string,
  pair: KeyPair = keys.client,
  routingId?: string,
) {
  const dealer = new Dealer({
    linger: 0,
    receiveTimeout: 10_000,
    curveServerKey: keys.server.publicKey,
    curvePublicKey: pair.publicKey,
    curveSecretKey: pair.secretKey,
    ...(routingId === undefined ? {} : { routingId }),
  })
  dealer.connect(endpoint)
  t.after(() => dealer.close())
  return dealer
}
const answerOf = async (dealer: Dealer) => decodeAnswer((await dealer.receive())[0] as Uint8Array)
const ping = (id: string) => encodeMessage({ v: 1, id, command: 'ping' })

async function until(what: string, look: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 180_000; !look(); await pause(5))
    if (performance.now() > deadline) throw new Error(`waited in vain for: ${what}`)
}

test('carries values of every kind there and back, and says who asked', async (t) => {
  const { router, keys } = await serve(t)
  const client = joined(t, { ...reach(keys, router.endpoint), identity: 'console-1' })
  const value = [1n, -0, new Date(5), { deep: [Uint8Array.of(1)] }]
  assert.deepStrictEqual(await client.request(say(value)), { user: 'owner', value })
  const many = await Promise.all(Array.from({ length: 200 }, (_, n) => client.request(say(n))))
  assert.deepEqual(many[199], { user: 'owner', value: 199 })
  assert.equal(router.stats().requests, 201)
})

test('gives events in order, then the whole result', async (t) => {
  const { router, keys } = await serve(t, async ({ id }, { identity }, router) => {
    const event = { kind: 'state', from: 'FLIGHT', to: 'PLAN' } as const
    await router.send(identity, { v: 1, id, kind: 'accepted', mission: 'obj:9', cycle: 'cycle:1' })
    await router.send(identity, { v: 1, id, kind: 'status', cycle: 'cycle:1', event })
    await router.send(identity, { v: 1, id, kind: 'token', cycle: 'cycle:1', text: 'return' })
    await router.send(identity, { ...result(id, 8), cycle: 'cycle:1', transaction: 'tx:7' } as Answer)
  })
  const seen: string[] = []
  const client = joined(t, reach(keys, router.endpoint))
  const whole = await client.ask(say(1), { onEvent: (event) => seen.push(event.kind) })
  assert.deepEqual(seen, ['accepted', 'status', 'token'])
  assert.deepEqual([whole.value, whole.cycle, whole.transaction], [8, 'cycle:1', 'tx:7'])
})

test('an error that the kernel throws arrives as the same error', async (t) => {
  const { router, keys } = await serve(t, () => {
    throw new BatError('E_SYNTAX', { column: 3, expected: 'a key', found: '!' })
  })
  const client = joined(t, reach(keys, router.endpoint))
  await assert.rejects(client.request(say(1)), rejectsWith('E_SYNTAX', { column: 3 }))
})

test('two clients of one key do not see each other’s answers', async (t) => {
  const { router, keys } = await serve(t)
  const clients = [0, 1].map(() => joined(t, reach(keys, router.endpoint)))
  const answers = await Promise.all(
    clients.flatMap((client, who) =>
      // The same request ids on purpose: they are told apart by who asks.
      [0, 1, 2].map((n) => client.request(say(`${who} ${n}`), { id: `request-${n}` })),
    ),
  )
  assert.deepEqual(
    answers.map((answer) => (answer as { value: Value }).value),
    ['0 0', '0 1', '0 2', '1 0', '1 1', '1 2'],
  )
})

test('every request has the user whose key sealed it; a revoked key is refused on a living connection', async (t) => {
  const { router, keys } = await serve(t)
  const ada = makeKeyPair()
  keys.admit('ada', ada.publicKey)
  const [owner, guest] = [
    joined(t, reach(keys, router.endpoint)),
    joined(t, { ...reach(keys, router.endpoint, ada), identity: 'same' }),
  ]
  assert.deepEqual(await guest.request(say(1)), { user: 'ada', value: 1 })
  assert.deepEqual(await owner.request(say(1)), { user: 'owner', value: 1 })
  keys.revoke('ada')
  await assert.rejects(guest.request(say(2)), rejectsWith('E_NOT_ADMITTED'))
  assert.deepEqual(await owner.request(say(3)), { user: 'owner', value: 3 })
})

test('a key that is not admitted gets nothing and is told so', async (t) => {
  const { router, keys } = await serve(t)
  const stranger = joined(t, reach(keys, router.endpoint, makeKeyPair()))
  await assert.rejects(stranger.request(say(1)), rejectsWith('E_NOT_ADMITTED', { endpoint: router.endpoint }))
  await assert.rejects(stranger.request(say(1)), rejectsWith('E_NOT_ADMITTED'))
  assert.equal(router.stats().requests, 0)
  assert.ok(router.stats().refusedKeys > 0)
})

test('no encryption, or another server key, gets nothing at all', async (t) => {
  const { router, keys } = await serve(t)
  const plain = new Dealer({ linger: 0, receiveTimeout: 400 })
  t.after(() => plain.close())
  plain.connect(router.endpoint)
  await plain.send(ping('plain'))
  await assert.rejects(plain.receive(), { code: 'EAGAIN' })
  const misled = joined(t, {
    ...reach(keys, router.endpoint),
    serverKey: makeKeyPair().publicKey,
    connectMs: 300,
  })
  await assert.rejects(misled.request(say(1)), rejectsWith('E_NO_KERNEL'))
  assert.equal(router.stats().requests, 0)
})

test('a seal of another key, a bent seal and a missing one are refused', async (t) => {
  const { router, keys } = await serve(t)
  const ada = makeKeyPair()
  keys.admit('ada', ada.publicKey)
  const dealer = bareDealer(t, keys, router.endpoint, ada)
  const payload = ping('a')
  const own = { key: sealKey(ada, keys.server.publicKey), publicKey: ada.publicKey, clientId: 'x' }
  const refused = async (...frames: Uint8Array[]) => {
    await dealer.send(frames)
    const answer = await answerOf(dealer)
    assert.deepEqual([answer.kind === 'error' && answer.code, answer.id], ['E_SEAL', 'a'])
  }
  await refused(payload, makeSeal(payload, { ...own, publicKey: keys.client.publicKey }))
  await refused(payload, makeSeal(ping('b'), own))
  await refused(payload, Buffer.alloc(10))
  assert.equal(router.stats().unsealed, 3)
  await dealer.send([payload, makeSeal(payload, own)])
  assert.deepEqual((await answerOf(dealer)).kind, 'result')
  // As long as one key only was let in, it is clear who speaks without a seal; then no longer.
  await dealer.send(payload)
  assert.deepEqual((await answerOf(dealer)).kind, 'result')
  const owner = joined(t, reach(keys, router.endpoint))
  await owner.request({ command: 'ping' })
  await refused(payload)
})

test('a bare DEALER with the home’s key is served under the identity it chose', async (t) => {
  const identities: string[] = []
  const { router, keys } = await serve(t, async ({ id }, { identity }, router) => {
    identities.push(identity)
    await router.send(identity, result(id, true))
  })
  const dealer = bareDealer(t, keys, router.endpoint, keys.client, 'architect-console-7')
  await dealer.send(ping('1'))
  assert.equal((await answerOf(dealer)).kind, 'result')
  assert.deepEqual(identities, ['owner/architect-console-7'])
})

test('answers every hostile message with an error, counts it, and goes on', async (t) => {
  const { router, keys } = await serve(t)
  const dealer = bareDealer(t, keys, router.endpoint)
  for (const [title, bytes] of Object.entries(hostile)) {
    await dealer.send(Buffer.from(bytes))
    const answer = await answerOf(dealer)
    assert.equal(answer.kind === 'error' && answer.code, 'E_MALFORMED', title)
  }
  assert.equal(router.stats().malformed, Object.keys(hostile).length)
  for (const [message, code] of [
    [{ v: 9, id: 'old', command: 'ping' }, 'E_VERSION'],
    [{ v: 1, id: 'odd', command: 'explode' }, 'E_COMMAND'],
    [{ v: 1, id: 'bad', command: 'send' }, 'E_MALFORMED'],
  ] as const) {
    await dealer.send(encodeMessage(message))
    const answer = await answerOf(dealer)
    assert.deepEqual([answer.kind === 'error' && answer.code, answer.id], [code, message.id])
  }
  for (const frames of [
    [new Uint8Array(0), ping('x')],
    [ping('x'), new Uint8Array(0), new Uint8Array(0)],
  ]) {
    await dealer.send(frames.map((frame) => Buffer.from(frame)))
    assert.equal((await answerOf(dealer)).kind, 'error')
  }
  const { unknownVersion, unknownCommand, requests } = router.stats()
  assert.deepEqual([unknownVersion, unknownCommand, requests], [1, 1, 0])
  const client = joined(t, reach(keys, router.endpoint))
  assert.deepEqual(await client.request(say('still here')), { user: 'owner', value: 'still here' })
})

test('a message over the limit is told to its sender, whichever side’s limit it breaks', async (t) => {
  const { router, keys } = await serve(t, echo, { maxMessageBytes: 100_000 })
  const text = 'x'.repeat(150_000)
  const careful = joined(t, { ...reach(keys, router.endpoint), maxMessageBytes: 100_000 })
  await assert.rejects(careful.request(say(text)), rejectsWith('E_MESSAGE_SIZE', { limit: 100_000 }))
  assert.equal(router.stats().oversized, 0)
  const careless = joined(t, { ...reach(keys, router.endpoint), askAgainMs: 200 })
  await assert.rejects(careless.request(say(text)), rejectsWith('E_MESSAGE_SIZE', { limit: 100_000 }))
  assert.equal(router.stats().oversized, 1)
  // So large that ZeroMQ itself cuts the line without a word.
  await assert.rejects(careless.request(say('x'.repeat(1_000_000))), rejectsWith('E_MESSAGE_SIZE'))
  assert.deepEqual(await careless.request(say('small')), { user: 'owner', value: 'small' })
})

test('an answer over the limit becomes an error answer', async (t) => {
  const handle: Handle = async ({ id }, { identity }, router) => {
    await router.send(identity, result(id, 'x'.repeat(200_000)))
  }
  const { router, keys } = await serve(t, handle, { maxMessageBytes: 100_000 })
  const client = joined(t, reach(keys, router.endpoint))
  await assert.rejects(client.request(say(1)), rejectsWith('E_MESSAGE_SIZE', { limit: 100_000 }))
})

test('a port in use and an endpoint that is none are named', async (t) => {
  const { router, keys } = await serve(t)
  const { endpoint } = router
  const start = (at: string) => startRouter({ endpoint: at, keys, onRequest: () => {} })
  await assert.rejects(start(endpoint), rejectsWith('E_PORT_IN_USE', { endpoint }))
  await assert.rejects(start('tcp://127.0.0.1:99999'), rejectsWith('E_ENDPOINT'))
  await assert.rejects(start('nonsense'), rejectsWith('E_ENDPOINT'))
})

test('a client that nobody answers is told how to start a kernel', async (t) => {
  const server = createServer((line) => line.resume()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  t.after(() => server.close())
  const keys = openKeys(join(root, String(folders++)))
  const silent = joined(t, { ...reach(keys, `tcp://127.0.0.1:${port}`), connectMs: 300 })
  await assert.rejects(silent.request({ command: 'ping' }), (error) => {
    rejectsWith('E_NO_KERNEL')(error)
    assert.match((error as BatError).remedy ?? '', /batos up/)
    return (error as BatError).retryable
  })
})

test('a client gets its answer from the kernel that comes after the one it asked', async (t) => {
  let asked: () => void = () => {}
  const wasAsked = new Promise<void>((resolve) => {
    asked = resolve
  })
  const mute = await serve(t, () => asked())
  const { endpoint } = mute.router
  const quick = { askAgainMs: 300, absentMs: 300_000 }
  const client = joined(t, { ...reach(mute.keys, endpoint), ...quick })
  const answer = client.request(say('patience'), { id: 'the one' })
  await wasAsked
  await mute.router.stop()
  const ids: string[] = []
  const next: Handle = (request, peer, router) => {
    ids.push(request.id)
    return echo(request, peer, router)
  }
  await serve(t, next, { endpoint, keys: mute.keys })
  assert.deepEqual(await answer, { user: 'owner', value: 'patience' })
  assert.ok(ids.includes('the one'))
  assert.deepEqual(await client.request(say('on')), { user: 'owner', value: 'on' })
})

test('a client asks again for an answer that was lost, with the same id', async (t) => {
  const ids: string[] = []
  const { router, keys } = await serve(t, async (request, peer, router) => {
    if (request.command === 'ping') return echo(request, peer, router)
    ids.push(request.id)
    if (ids.length > 1) await echo(request, peer, router)
  })
  const client = joined(t, { ...reach(keys, router.endpoint), askAgainMs: 100 })
  assert.deepEqual(await client.request(say(1)), { user: 'owner', value: 1 })
  assert.equal(new Set(ids).size, 1)
})

test('a request can be given up: by its signal, which cancels it, by a time limit, by closing', async (t) => {
  const cancelled: unknown[] = []
  const { router, keys } = await serve(t, (request, peer, router) => {
    if (request.command === 'cancel') cancelled.push(request.options.request)
    if (request.command === 'ping') return echo(request, peer, router)
  })
  const client = joined(t, reach(keys, router.endpoint))
  await client.request({ command: 'ping' })
  const control = new AbortController()
  const waiting = client.request(say(1), { signal: control.signal, id: 'mine' })
  control.abort()
  await assert.rejects(waiting, rejectsWith('E_ABORTED'))
  await until('the kernel to hear of it', () => cancelled.length > 0)
  assert.deepEqual(cancelled, ['mine'])
  await assert.rejects(client.request(say(1), { signal: control.signal }), rejectsWith('E_ABORTED'))
  await assert.rejects(client.request(say(1), { timeoutMs: 50 }), rejectsWith('E_TIMEOUT'))
  const last = assert.rejects(client.request(say(1)), rejectsWith('E_CLIENT_CLOSED'))
  await client.close()
  await last
  await assert.rejects(client.request(say(1)), rejectsWith('E_CLIENT_CLOSED'))
})

test('a client that takes nothing does not hold up the others; what it misses is counted', async (t) => {
  const { router, keys } = await serve(t, async (request, peer, router) => {
    if (request.command !== 'subscribe') return echo(request, peer, router)
    const text = 'x'.repeat(50_000)
    for (let n = 0; n < 3000; n++)
      void router.send(peer.identity, { v: 1, id: request.id, kind: 'token', cycle: 'c', text })
  })
  const client = joined(t, reach(keys, router.endpoint))
  // Another process, which reads nothing: its queue holds one message, then the line's buffers fill.
  const program = `
    const { Dealer } = require('zeromq')
    const dealer = new Dealer({ linger: 0, receiveHighWaterMark: 1, ...JSON.parse(process.argv[1]) })
    dealer.connect(process.argv[2])
    dealer.send(Buffer.from(process.argv[3], 'base64'))
    setInterval(() => {}, 1000)`
  const { server, client: pair } = keys
  const options = {
    curveServerKey: server.publicKey,
    curvePublicKey: pair.publicKey,
    curveSecretKey: pair.secretKey,
  }
  const message = Buffer.from(encodeMessage({ v: 1, id: 's', command: 'subscribe' })).toString('base64')
  const child = spawn(process.execPath, ['-e', program, JSON.stringify(options), router.endpoint, message])
  t.after(() => void child.kill('SIGKILL'))
  await until('answers to be dropped', () => router.stats().dropped > 0)
  assert.deepEqual(await client.request(say('meanwhile')), { user: 'owner', value: 'meanwhile' })
  assert.ok(router.stats().dropped < 3000)
})

test('stops in the midst of requests, while clients come and go, as often as it is asked to', async (t) => {
  const keys = openKeys(join(root, String(folders++)))
  for (let round = 0; round < 12; round++) {
    const { router } = await serve(t, echo, { keys })
    const dealers = Array.from({ length: 8 }, () => bareDealer(t, keys, router.endpoint))
    // each answer is followed by the next request, until one of the two closes
    const talk = async (dealer: Dealer) => {
      for (let n = 0; !dealer.closed; n++) {
        await dealer.send(ping(String(n)))
        await dealer.receive()
      }
    }
    const talks = dealers.map((dealer) => talk(dealer).catch(() => {}))
    await until('some answers', () => router.stats().answers > 200)
    for (const dealer of dealers.slice(4)) dealer.close()
    await router.stop()
    for (const dealer of dealers) dealer.close()
    await Promise.all(talks)
    // the port is free at once; a dealer that was just connecting again may come in
    const server = createServer((line) => line.destroy())
    await once(server.listen(Number(new URL(router.endpoint).port), '127.0.0.1'), 'listening')
    server.close()
  }
})

test('an answer to nobody is dropped and counted; a stop can be asked for twice', async (t) => {
  const { router } = await serve(t)
  assert.equal(await router.send('owner/nobody', result('a', 1)), false)
  assert.equal(router.stats().dropped, 1)
  await router.stop()
  await router.stop()
  assert.equal(await router.send('owner/nobody', result('a', 1)), false)
})
