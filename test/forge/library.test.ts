// Which build of the tensor library is taken where a GPU may be used.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { test } from 'node:test'
import koffi from 'koffi'
import { packageRoot } from '../../src/base/package-root.ts'
import { openGgml } from '../../src/forge/ggml.ts'

const driver = process.platform === 'win32' ? 'nvcuda.dll' : 'libcuda.so.1'
const hasDriver = (() => {
  try {
    koffi.load(driver)
    return true
  } catch {
    return false
  }
})()
const system = process.platform === 'win32' ? 'win' : 'linux'
const vulkan = `${system}-${process.arch}-vulkan`
const isInstalled = existsSync(join(packageRoot, 'node_modules', '@node-llama-cpp', vulkan))
const skip = (hasDriver && `${driver} is here`) || (!isInstalled && `there is no ${vulkan} here`)

test('takes the build for Vulkan where there is no driver for CUDA', { skip }, () => {
  assert.equal(basename(dirname(openGgml({ gpu: true }).file)), vulkan)
})
