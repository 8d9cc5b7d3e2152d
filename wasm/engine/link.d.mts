/** Types of link.mjs, for its tests in TypeScript. */
/** A function that Go imports from "sqlite": parameters and results as bytes of wasm's types. */
export interface EngineImport {
  readonly name: string
  readonly type: readonly [parameters: number[], results: number[]]
}
/** From and to, in bytes of linear memory. */
export type Segment = readonly [from: number, to: number]
export declare function readModule(bytes: Uint8Array): { imports: EngineImport[]; data: Segment[] }
export declare function checkMap(data: readonly Segment[]): number
export declare function trampoline(imports: readonly EngineImport[]): Uint8Array<ArrayBuffer>
