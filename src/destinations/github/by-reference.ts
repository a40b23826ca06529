import { createHash } from "node:crypto";
import { isNumberText, writeJson } from "../../event/json.ts";

/** Where data that is too large for a client payload lies instead: JSON, exactly as it would have been sent. */
export interface Reference {
	readonly url: string;
	/** Of the blob's bytes, in hexadecimal digits. */
	readonly sha256: string;
	readonly bytes: number;
}

/** Members that are kept beside a reference, so that `data.runId` and its like can be read as always. */
const MAX_MEMBER_CHARACTERS = 500;
const MAX_MEMBERS = 40;

/** The data of an event as a blob holds it. */
export function toBlob(data: unknown): { readonly content: Buffer; readonly sha256: string } {
	const content = Buffer.from(writeJson(data ?? null));
	return { content, sha256: createHash("sha256").update(content).digest("hex") };
}

/** Data by reference: its short members, which are the ones that workflows read, and where the whole lies. */
export function byReference(data: unknown, reference: Reference): Readonly<Record<string, unknown>> {
	const members = typeof data === "object" && data !== null && !Array.isArray(data) ? Object.entries(data) : [];
	const short = members.filter(([key, value]) => isShort(key) && isShort(value)).slice(0, MAX_MEMBERS);
	return { ...Object.fromEntries(short), reference };
}

function isShort(value: unknown): boolean {
	if (typeof value === "string" || isNumberText(value)) return String(value).length <= MAX_MEMBER_CHARACTERS;
	return typeof value === "number" || typeof value === "boolean";
}
