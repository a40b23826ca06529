import type { Schema } from "../catalogue/envelope.ts";

/** The options of `grid-dispatch send`, as they were given. */
export interface SendFlags {
	readonly schema: Schema;
	readonly count: number;
	readonly burst: number;
	readonly duplicates: number;
	readonly batch: number;
	readonly set?: readonly string[];
	readonly seed?: number;
	readonly file?: string;
	readonly url?: string;
	readonly to?: string;
	readonly trigger?: boolean;
	readonly topic?: string;
	readonly handshake?: true;
	readonly key?: string;
	readonly json?: boolean;
}
