import { readInstant } from "../event/instant.ts";
import { isObject } from "../event/json.ts";
import { clipText } from "../log.ts";
import type { Destination } from "../model.ts";
import type { Columns, Write } from "../storage/storage.ts";

/**
 * The keys of a lane's rows. A lane is one partition, and what a drainer reads first stands first: the state row, the
 * windows, the entries in the order of acceptance.
 */
export const STATE_KEY = "a-state";

/** Each kind of row as a range of keys; `.` is the character after `-`. */
export const ROWS = {
	/** What a drainer looks at: state, windows and entries. */
	pending: { from: "a-", to: "e." },
	windows: { from: "b-", to: "b." },
	entries: { from: "e-", to: "e." },
	/** What is followed, in the order of the dispatches. */
	follows: { from: "f-", to: "f." },
	receipts: { from: "r-", to: "r." },
	deadLetters: { from: "x-", to: "x." },
} as const;

/** Where what has no lane is kept: events that were rejected before they had a destination. */
export const NO_LANE = "rejected";

/** Where the newest ignored events are recorded, as receipts in the state `ignored`. */
export const IGNORED_LANE = "ignored";

/** More than the distance of any RFC 3339 time from 1970, in milliseconds; 16 digits with whatever is taken off. */
const LATEST = 1_000_000_000_000_000;
const DIGITS = 16;

/** The longest wait that is obeyed, whatever names it. */
export const LONGEST_WAIT_MS = 86_400_000;

/** A `Date` holds times until 8.64e15: there is room for the longest wait behind each of these. */
const MOST_TIME = 8e15;

/** A time of a row: epoch milliseconds, or ISO 8601. Undefined for what is none, so that each one can be written again. */
export function readTime(value: unknown): number | undefined {
	const time = typeof value === "string" ? Date.parse(value) : value;
	return typeof time === "number" && Math.abs(time) <= MOST_TIME ? time : undefined;
}

/** A time as a row has it: ISO 8601. */
export function writeTime(epochMs: number): string {
	return new Date(epochMs).toISOString();
}

/** A time that is waited for: at most a day ahead. */
export function readWait(value: unknown, now: number): number | undefined {
	const time = readTime(value);
	return time === undefined ? undefined : Math.min(time, now + LONGEST_WAIT_MS);
}

/** A time that is not later than `latest`. Undefined for one that is, and for what is none. */
export function readTimeUntil(value: unknown, latest: number): number | undefined {
	const time = readTime(value) ?? Number.NaN;
	return time <= latest ? time : undefined;
}

/** If a service's clock is further off than this, it is ignored. */
export const MAX_SKEW_MS = 400 * 86_400_000;

/** A time by a service's clock. Undefined for one that no service can have meant, and for what is none. */
export function readServiceTime(value: unknown, now: number): number | undefined {
	const time = readTime(value) ?? Number.NaN;
	return Math.abs(time - now) <= MAX_SKEW_MS ? time : undefined;
}

/** A number of things. What is none counts as 0. */
export function readCount(value: unknown): number {
	return Number.isSafeInteger(value) ? Math.max(value as number, 0) : 0;
}

/** The members of an object that a row has as JSON. What cannot be read, and what is no object, has none. */
export function readMembers(text: unknown): Readonly<Record<string, unknown>> {
	try {
		return membersOf(JSON.parse(String(text)));
	} catch {
		return {};
	}
}

/** The members of an object. What is none has none. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
	return isObject(value) ? value : {};
}

/** A table's property holds 32,768 characters. */
const MAX_STATE_CHARACTERS = 30_000;

/**
 * A state as its row holds it. Of too many entries of one of its members the first ones are left out, a tenth at a time.
 * @param member the name of that member: what is left out of it is found again
 */
export function stateText<Member extends string>(state: Readonly<Record<Member, object>>, member: Member): string {
	let entries = Object.entries(state[member]);
	let text = JSON.stringify(state);
	while (text.length > MAX_STATE_CHARACTERS && entries.length > 0) {
		entries = entries.slice(Math.ceil(entries.length / 10));
		text = JSON.stringify({ ...state, [member]: Object.fromEntries(entries) });
	}
	return text;
}

const MAX_PLAIN = 200;

/** The same write in a form that storage takes for certain: its texts short, and of printable ASCII alone. */
export function plainWrite(write: Write): Write {
	if (write.kind === "delete") return write;
	const plain = (text: string) => text.slice(0, MAX_PLAIN).replace(/[^\x20-\x7e]/g, "?");
	const columns = Object.entries(write.columns).map(([name, value]) => {
		return [name, typeof value === "string" ? plain(value) : value];
	});
	return { ...write, columns: Object.fromEntries(columns) };
}

/** Digits that sort as the times do. */
export function inOrder(epochMs: number): string {
	return String(epochMs).padStart(DIGITS, "0");
}

/** The time in the key of a delivery, or of what is followed of one. */
export function timeInKey(rowKey: string): number | undefined {
	return readTime(Number(rowKey.split("-")[1]));
}

/**
 * A receipt's key, which follows from the event alone, so that a redelivered event meets its receipt; the newest event
 * first. The time is read as a moment, since it may arrive in another spelling: the Event Grid trigger writes times anew.
 * @param time RFC 3339; what is none counts as 1970
 */
export function receiptKey(time: string, key: string): string {
	return `r-${receiptOrder(readInstant(time)?.epochMs ?? 0)}-${key}`;
}

/** What a receipt's row can be called. */
export function isReceiptKey(text: string): boolean {
	return /^r-[\w-]{1,200}$/.test(text);
}

/** The part of a receipt's key that stands for its event's time. */
export function receiptOrder(epochMs: number): string {
	return String(LATEST - epochMs).padStart(DIGITS, "0");
}

/** The dead letter that belongs to a receipt. */
export function deadLetterKey(receipt: string): string {
	return `x-${receipt.slice(2)}`;
}

/** What is known of a lane's followers and of the services that they ask. */
export const FOLLOW_STATE_KEY = "g-follow";

/**
 * What is followed of a delivery.
 * @param takenAt when the service took it, epoch milliseconds
 */
export function followKey(takenAt: number, receipt: string): string {
	return `f-${inOrder(takenAt)}-${receipt.slice(2)}`;
}

/** The key of the receipt that such a key was made of. */
export function receiptOfFollow(rowKey: string): string {
	return `r-${rowKey.slice(followKey(0, "r-").length)}`;
}

/** @param sequence tells entries of one millisecond and instance apart, in their order */
export function entryKey(acceptedAt: number, sequence: number, key: string): string {
	return `e-${inOrder(acceptedAt)}-${String(sequence % 1e6).padStart(6, "0")}-${key.slice(0, 8)}`;
}

export function windowKey(group: string): string {
	return `b-${group}`;
}

/** @param sequence tells two events of one id apart, which differ in nothing but their times */
export function memberKey(group: string, acceptedAt: number, key: string, sequence: number): string {
	return `m-${group}-${inOrder(acceptedAt)}-${key}-${sequence}`;
}

/** The group of a member, by the key of its row; undefined where that is the key of another row. */
export function groupOfMember(rowKey: string): string | undefined {
	return /^m-([0-9a-f]+)-/.exec(rowKey)?.[1];
}

/** All members of a group's window. */
export function memberRange(group: string): { readonly from: string; readonly to: string } {
	return { from: `m-${group}-`, to: `m-${group}.` };
}

/** The columns that `readDestination` reads. */
export const DESTINATION_COLUMNS = ["to", "repository", "dispatchType", "token"] as const;

/** What a text in a destination can have; the limits of a routes table are far below, but not those of an event's type. */
const MAX_TEXT = 1_000;

/** A destination as one column; none where there is no destination. */
export function destinationColumn(to: Destination | null | undefined): Columns {
	if (!to) return {};
	return {
		to: JSON.stringify(to, (_, value: unknown) => (typeof value === "string" ? clipText(value, MAX_TEXT) : value)),
	};
}

/**
 * The same for a receipt, which lives long and is shown: without the mappings, the only members that have members of
 * their own. Until a delivery is done its row has them: they tell whose fault a refused value is.
 */
export function shownColumn(to: Destination | null | undefined): Columns {
	if (!to) return {};
	return destinationColumn({
		...Object.fromEntries(Object.entries(to).filter(([, value]) => !isObject(value))),
		id: to.id,
	});
}

/**
 * Reads the destination of a row. Rows of version 0.1.0 have GitHub's repository dispatch in columns of its own.
 * @returns undefined where the row has none, or it cannot be read
 */
export function readDestination(columns: Columns): Destination | undefined {
	const [to, repository, dispatchType, token] = DESTINATION_COLUMNS.map((name) => String(columns[name] ?? ""));
	if (to) {
		const members = readMembers(to);
		return typeof members["id"] === "string" ? (members as Destination) : undefined;
	}
	if (!repository) return undefined;
	const id = `${repository.toLowerCase()}#${dispatchType}`;
	return { id, repository, dispatchType, ...(token ? { token } : {}) };
}

/** What a circuit breaker is for: the part of a destination's id before `#`, such as a repository. */
export function targetOf(to: Destination | null | undefined): string {
	return to?.id.split("#", 1)[0] ?? "";
}
