/** Types of layout.mjs, for the loader in TypeScript. */
export declare const globalBase: number
export declare const goData: number
export declare const stackBytes: number
export declare const pageSlots: number
export declare const goLdflags: string
