import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { BatError, type ErrorCode } from '../../src/base/errors.ts'
import { clientKeys, OWNER, openKeys } from '../../src/protocol/keys.ts'
import { isSealed, makeKeyPair, makeSeal, parseSeal, sealKey } from '../../src/protocol/seal.ts'
import { bytesOfZ85, isZ85Key, z85Of } from '../../src/protocol/z85.ts'

const root = mkdtempSync(join(tmpdir(), 'batos-keys-'))
after(() => rmSync(root, { recursive: true, force: true }))
let folders = 0
const newFolder = () => join(root, String(folders++), 'keys')
const fails = (code: ErrorCode, message: RegExp) => (error: unknown) =>
  error instanceof BatError && error.code === code && message.test(error.message)

test('makes the keys once, readable by nobody else', () => {
  const folder = newFolder()
  const keys = openKeys(folder)
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  assert.deepEqual(readdirSync(folder).sort(), ['admitted.json', 'client.json', 'server.json'])
  for (const file of readdirSync(folder)) assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600)
  const again = openKeys(folder)
  assert.deepEqual([again.server, again.client], [keys.server, keys.client])
  assert.deepEqual(clientKeys(folder), { ...keys.client, serverKey: keys.server.publicKey })
  assert.equal(keys.userOf(keys.client.publicKey), OWNER)
  assert.equal(keys.userOf(keys.server.publicKey), undefined)
})

test('admits and revokes by name, seen at once by whoever has the keys open', () => {
  const folder = newFolder()
  const [mine, theirs] = [openKeys(folder), openKeys(folder)]
  const ada = makeKeyPair().publicKey
  mine.admit('ada', ada)
  assert.equal(theirs.userOf(ada), 'ada')
  assert.deepEqual([...theirs.list().keys()], [OWNER, 'ada'])
  assert.throws(() => mine.admit('ada', makeKeyPair().publicKey), fails('E_KEY_NAME', /taken/))
  assert.throws(() => mine.admit('bob', ada), fails('E_KEY_NAME', /admitted already, as ada/))
  assert.throws(() => mine.admit('../x', makeKeyPair().publicKey), fails('E_KEY_NAME', /letters/))
  assert.throws(() => mine.admit('__proto__', makeKeyPair().publicKey), fails('E_KEY_NAME', /letters/))
  assert.throws(() => mine.admit('bob', 'short'), fails('E_KEY_NAME', /40 characters/))
  theirs.revoke('ada')
  assert.equal(mine.userOf(ada), undefined)
  assert.throws(() => mine.revoke('ada'), fails('E_KEY_NAME', /nobody/))
})

test('says which file is wrong, and what to do', () => {
  const folder = newFolder()
  assert.throws(() => clientKeys(folder), fails('E_KEYS', /server\.json: it is not there/))
  openKeys(folder)
  chmodSync(join(folder, 'server.json'), 0o644)
  assert.throws(() => openKeys(folder), fails('E_KEYS', /server\.json: others can read it \(mode 644\)/))
  chmodSync(join(folder, 'server.json'), 0o600)
  for (const [content, problem] of [
    ['', /not a JSON object/],
    ['[]', /not a JSON object/],
    ['{"publicKey": "x"}', /no key pair/],
    ['{"publicKey": "x", "secretKey": "y"}', /not Z85/],
  ] as const) {
    writeFileSync(join(folder, 'client.json'), content)
    assert.throws(() => clientKeys(folder), fails('E_KEYS', problem))
  }
})

test('writes Z85 as its specification has it', () => {
  const bytes = Uint8Array.of(0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b)
  assert.equal(z85Of(bytes), 'HelloWorld')
  assert.deepEqual(Uint8Array.from(bytesOfZ85('HelloWorld')), bytes)
  assert.equal(isZ85Key(makeKeyPair().publicKey), true)
  assert.equal(isZ85Key('#'.repeat(40)), false)
  assert.equal(isZ85Key('~'.repeat(40)), false)
})

test('a seal is made by two keys and holds for one payload and one client', () => {
  const [server, client, other] = [makeKeyPair(), makeKeyPair(), makeKeyPair()]
  const payload = Buffer.from('a message')
  const key = sealKey(client, server.publicKey)
  const there = sealKey(server, client.publicKey)
  assert.deepEqual(key, there)
  const bytes = makeSeal(payload, { key, publicKey: client.publicKey, clientId: 'console-1' })
  const seal = parseSeal(bytes)
  assert.deepEqual([seal.publicKey, seal.clientId], [client.publicKey, 'console-1'])
  assert.equal(isSealed(payload, seal, there), true)
  assert.equal(isSealed(Buffer.from('b message'), seal, there), false)
  assert.equal(isSealed(payload, { ...seal, clientId: 'console-2' }, there), false)
  assert.equal(isSealed(payload, seal, sealKey(server, other.publicKey)), false)
  for (const wrong of [bytes.subarray(0, 64), Buffer.alloc(500), Buffer.alloc(70)])
    assert.throws(() => parseSeal(wrong), fails('E_SEAL', /expected|ASCII/))
})
