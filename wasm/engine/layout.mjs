// The memory map, in bytes. Read by the build, the linker check and the loader.
// 0 … Go's read-only data · globalBase … the engine: static data, 512 KiB
// stack, then its heap · goData … Go's data and its growing heap.
export const globalBase = 6 * 1024 * 1024
export const goData = 136 * 1024 * 1024
export const stackBytes = 512 * 1024
/** Slots of the engine's page cache, 4 KiB and a header each. */
export const pageSlots = 4096
/** Go's linker flag that puts its data there. */
export const goLdflags = `-D=${goData}`
