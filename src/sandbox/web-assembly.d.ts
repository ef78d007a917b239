// The parts of WebAssembly that the sandbox uses: Node has them, its type package does not declare them.
declare namespace WebAssembly {
  interface Module {
    readonly [Symbol.toStringTag]: 'WebAssembly.Module'
  }
  interface MemoryDescriptor {
    readonly initial: number
    readonly maximum: number
  }
  class Memory {
    constructor(descriptor: MemoryDescriptor)
    readonly buffer: ArrayBuffer
  }
  function compile(bytes: Uint8Array): Promise<Module>
}
