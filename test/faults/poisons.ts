import type { Row } from "../../src/storage/storage.ts";
import type { BridgeWorld } from "../helpers/bridge-world.ts";

/** Something that waits in a bridge, made unusable. */
export interface Poison {
	readonly name: string;
	/** While everything waits that the scene holds, or when its windows are closed and their dispatches wait. */
	readonly when: "gathering" | "closed";
	readonly act: (scene: Scene) => Promise<unknown>;
	/** The ids of events that it may take along: each is seen as a dead letter or in a receipt, with a reason. */
	readonly victims: readonly string[];
	/** Some of them may vanish without a trace: what was removed was all that was known of them. */
	readonly isTraceless?: true;
	/** They may arrive once more: nothing says any longer that they have been gathered. */
	readonly mayRepeat?: true;
}

/** A bridge in which a neighbour of each kind waits, and what a poison does to one of them. */
export interface Scene {
	readonly world: BridgeWorld;
	/** The row of that kind that belongs to that event, or to its window. */
	row(kind: Kind, id: string): Promise<Row>;
	/** Replaces columns of it; `undefined` takes one away. */
	change(kind: Kind, id: string, columns: Record<string, unknown>): Promise<void>;
	removeRow(kind: Kind, id: string): Promise<void>;
	/** The blob that one of its columns names. */
	removeBlob(kind: Kind, id: string, column: string): Promise<void>;
	writeBlob(kind: Kind, id: string, column: string, text: string): Promise<void>;
	message(text: string): Promise<void>;
}

/** By the beginnings of row keys; `rejected` is a dead letter of an element that never had a lane. */
export type Kind = "state" | "window" | "delivery" | "member" | "receipt" | "dead letter" | "rejected";

/** What waits: single deliveries, one of them large; two windows of two; dead letters of both kinds. */
export const IDS = {
	small: "order-small",
	large: "order-large",
	audit: "audit",
	first: "reading-first",
	second: "reading-second-large",
	other: "sample-first",
	another: "sample-second",
	dead: "dead-first",
	alsoDead: "dead-second",
	rejected: "rejected-first",
	alsoRejected: "rejected-second",
} as const;

const READINGS = [IDS.first, IDS.second];
const OTHER = { x: "1" };

export const POISONS: readonly Poison[] = [
	...deliveries(),
	...receipts(),
	...windows(),
	...members(),
	...closedWindows(),
	...deadLetters(),
	...messages(),
	...states(),
];

function deliveries(): Poison[] {
	const changed = (what: string, columns: Record<string, unknown>): Poison => ({
		name: `a delivery ${what}`,
		when: "gathering",
		act: ({ change }) => change("delivery", IDS.small, columns),
		victims: [IDS.small],
	});
	return [
		{
			name: "a delivery without any column",
			when: "gathering",
			async act({ row, world }) {
				const { rowKey } = await row("delivery", IDS.small);
				await world.ledger.storage.commit("default", [{ kind: "replace", rowKey, columns: OTHER }]);
			},
			victims: [IDS.small],
		},
		changed("without what it would send", { body: undefined }),
		changed("whose request is no JSON", { body: Buffer.from("{") }),
		changed("whose request is a text", { body: "text" }),
		changed("of no repository", { repository: "nowhere" }),
		changed("of a repository with a path in it", { repository: "../../user" }),
		changed("without a key", { key: undefined }),
		changed("without its receipt's key", { receipt: undefined }),
		changed("with a receipt's key that no row can have", { receipt: "r-/\\#?" }),
		changed("whose attempts are no JSON", { attempts: "[{" }),
		changed("whose attempts are nothing of the kind", { attempts: '[null, 1, {"at": 7}]' }),
		changed("accepted at no time", { acceptedAt: "yesterday" }),
		changed("accepted in the year 9999", { acceptedAt: "9999-12-31T23:59:59Z" }),
		changed("that steps aside until the year 9999", { notBefore: "9999-12-31T23:59:59Z" }),
		changed("that steps aside until no time", { notBefore: "later" }),
		changed("with an absurd number of failures", { troubles: 1e300 }),
		changed("whose failures are no number", { troubles: "many" }),
		changed("of a secret that is not there", { token: "no-such-secret" }),
		changed("that closes a window that never was", { closing: "closings/none.json" }),
		{
			name: "a delivery whose blob is gone",
			when: "gathering",
			act: ({ removeBlob }) => removeBlob("delivery", IDS.large, "bodyBlob"),
			victims: [IDS.large],
		},
		{
			name: "a delivery whose blob has no possible name",
			when: "gathering",
			act: ({ change }) => change("delivery", IDS.large, { bodyBlob: "" }),
			victims: [IDS.large],
		},
	];
}

function receipts(): Poison[] {
	const changed = (what: string, columns: Record<string, unknown>): Poison => ({
		name: `a receipt ${what}`,
		when: "gathering",
		act: ({ change }) => change("receipt", IDS.small, columns),
		victims: [],
	});
	return [
		{
			name: "a receipt of a delivery, removed",
			when: "gathering",
			act: ({ removeRow }) => removeRow("receipt", IDS.small),
			victims: [],
		},
		{
			name: "a receipt of a member, removed",
			when: "gathering",
			act: ({ removeRow }) => removeRow("receipt", IDS.first),
			victims: [],
		},
		changed("whose attempts are no JSON", { attempts: "[{" }),
		changed("whose attempts are no list", { attempts: "7" }),
		changed("whose attempts are nothing of the kind", { attempts: "[null, 1]" }),
		changed("in no known state", { state: "happy" }),
		changed("accepted and finished at no time", { acceptedAt: "yesterday", finishedAt: "tomorrow" }),
		changed("without a state, a key and an event", {
			state: undefined,
			key: undefined,
			id: undefined,
			time: undefined,
		}),
		changed("of numbers", { state: 1, key: 2, id: 3, repository: 4, blobs: 5, attempts: 6 }),
	];
}

function windows(): Poison[] {
	const changed = (what: string, columns: Record<string, unknown>): Poison => ({
		name: `a window ${what}`,
		when: "gathering",
		act: ({ change }) => change("window", IDS.first, columns),
		victims: READINGS,
	});
	return [
		changed("without its group", { group: undefined }),
		changed("of another group", { group: "0".repeat(32) }),
		changed("whose times are no numbers", { quietMs: "soon", maxMs: "later" }),
		changed("without its times", { quietMs: undefined, maxMs: undefined }),
		changed("that never closes", { quietMs: 1e300, maxMs: 1e300 }),
		changed("that closes before it opens", { quietMs: -1e300, maxMs: -1e300 }),
		changed("that is due at no time", { dueAt: "never" }),
		changed("that is due in the year 9999", { dueAt: "9999-12-31T23:59:59Z" }),
		changed("whose newest member is none", { newest: "m-~", oldestAt: "never" }),
		changed("of no repository", { repository: undefined }),
		changed("without a dispatch type", { dispatchType: undefined }),
		changed("whose dispatch type is too long", { dispatchType: "x".repeat(500) }),
	];
}

function members(): Poison[] {
	const changed = (what: string, id: string, columns: Record<string, unknown>): Poison => ({
		name: `a member ${what}`,
		when: "gathering",
		act: ({ change }) => change("member", id, columns),
		victims: [id],
	});
	return [
		changed("without its line", IDS.first, { line: undefined }),
		changed("whose line is no JSON", IDS.first, { line: Buffer.from("{") }),
		changed("whose line is a number", IDS.first, { line: Buffer.from("7") }),
		changed("whose line is null", IDS.first, { line: Buffer.from("null") }),
		changed("whose line is several", IDS.first, { line: Buffer.from("{}\n{}\n") }),
		changed("whose line is a text", IDS.first, { line: "text" }),
		changed("whose line has no text where one belongs", IDS.first, {
			line: Buffer.from('{"id":"reading-first","type":2,"source":3,"subject":4,"time":5,"data":6}'),
		}),
		changed("without its receipt's key", IDS.first, { receipt: undefined }),
		changed("with a receipt's key that no row can have", IDS.first, { receipt: "r-/\\#?" }),
		changed("without a key", IDS.first, { key: undefined }),
		{
			name: "a member whose blob is gone",
			when: "gathering",
			act: ({ removeBlob }) => removeBlob("member", IDS.second, "lineBlob"),
			victims: [IDS.second],
		},
		{
			name: "a member whose key says no time",
			when: "gathering",
			async act({ row, world }) {
				const { rowKey, columns } = await row("member", IDS.first);
				const [m, group, , ...rest] = rowKey.split("-");
				await world.ledger.storage.commit("default", [
					{ kind: "delete", rowKey },
					{ kind: "insert", rowKey: [m, group, "sometime", ...rest].join("-"), columns },
				]);
			},
			victims: [IDS.first],
		},
	];
}

function closedWindows(): Poison[] {
	/** As after a crash between the close and the completion of its members. */
	const list = (what: string, text: string): Poison => ({
		name: `a closed window whose list of members ${what}`,
		when: "closed",
		async act({ row, change, world }) {
			const closing = `closings/${(await row("delivery", IDS.first)).columns["key"]}.json`;
			await change("delivery", IDS.first, { closing });
			await world.ledger.storage.write(closing, Buffer.from(text), "application/json");
		},
		victims: READINGS,
		mayRepeat: true,
	});
	return [
		{
			name: "a closed window whose manifest is gone",
			when: "closed",
			async act({ row, world }) {
				const { columns } = await row("delivery", IDS.first);
				await world.ledger.storage.remove(`manifests/${columns["key"]}.jsonl`);
			},
			victims: READINGS,
			isTraceless: true,
		},
		list("is no JSON", "{"),
		list("is null", "null"),
		list("names what is none", '{"window": 7, "members": [[1], null]}'),
		{
			name: "a closed window without what it would send",
			when: "closed",
			act: ({ change }) => change("delivery", IDS.first, { body: undefined }),
			victims: READINGS,
		},
		{
			name: "a closed window whose receipt is gone",
			when: "closed",
			async act({ row, world }) {
				const { columns } = await row("delivery", IDS.first);
				await world.ledger.storage.commit("default", [{ kind: "delete", rowKey: String(columns["receipt"]) }]);
			},
			victims: [],
		},
	];
}

function deadLetters(): Poison[] {
	const changed = (what: string, columns: Record<string, unknown>): Poison => ({
		name: `a dead letter ${what}`,
		when: "gathering",
		act: ({ change }) => change("dead letter", IDS.dead, columns),
		victims: [IDS.dead],
	});
	const rejected = (what: string, columns: Record<string, unknown>): Poison => ({
		name: `a rejected event ${what}`,
		when: "gathering",
		act: ({ change }) => change("rejected", IDS.rejected, columns),
		victims: [IDS.rejected],
	});
	return [
		{
			name: "a dead letter, removed",
			when: "gathering",
			act: ({ removeRow }) => removeRow("dead letter", IDS.dead),
			victims: [IDS.dead],
		},
		{
			name: "the receipt of a dead letter, removed",
			when: "gathering",
			act: ({ removeRow }) => removeRow("receipt", IDS.dead),
			victims: [IDS.dead],
			isTraceless: true,
		},
		changed("without what it would send", { body: undefined }),
		changed("of no repository", { repository: undefined }),
		changed("without a key", { key: undefined }),
		changed("without its receipt's key", { receipt: undefined }),
		changed("whose attempts are no JSON", { attempts: "[{" }),
		rejected("without the event", { event: undefined }),
		rejected("that is no JSON", { event: Buffer.from("{") }),
		rejected("that is a text", { event: "text" }),
		rejected("whose blob is gone", { event: undefined, eventBlob: "rejected/none.json" }),
	];
}

function messages(): Poison[] {
	const texts = {
		"that is no JSON": "nonsense",
		"that is null": "null",
		"that is empty": "{}",
		"that is a number": "7",
		"of a number that is none": '{"lane": "default", "wake": "1"}',
		"of an absurd number": '{"lane": "default", "wake": 1e300}',
		"of a number below zero": '{"lane": "default", "wake": -5}',
		"of a lane that never was": '{"lane": "never-was", "wake": 0}',
		"of a lane that no blob and no row can have": `{"lane": "o'brien/../#?", "wake": 0}`,
		"of a lane with a name of 3,000 characters": `{"lane": "${"x".repeat(3_000)}", "wake": 0}`,
	};
	return Object.entries(texts).map(([what, text]) => ({
		name: `a wake-up ${what}`,
		when: "gathering",
		act: ({ message }) => message(text),
		victims: [],
	}));
}

function states(): Poison[] {
	const changed = (what: string, columns: Record<string, unknown>): Poison => ({
		name: `a lane's state ${what}`,
		when: "gathering",
		act: ({ change }) => change("state", "", columns),
		victims: [],
	});
	const state = (what: string, part: Record<string, unknown>): Poison => ({
		name: `a lane's state ${what}`,
		when: "gathering",
		async act({ row, change }) {
			const { columns } = await row("state", "");
			const known = JSON.parse(String(columns["state"])) as object;
			await change("state", "", { state: JSON.stringify({ ...known, ...part }) });
		},
		victims: [],
	});
	const far = Date.UTC(9999, 11, 31);
	const muchTooFar = 1_798_000_000_000_000;
	return [
		changed("that is no JSON", { state: "{" }),
		changed("that is null", { state: "null" }),
		changed("without columns", { state: undefined, calls: undefined }),
		changed("whose calls are a byte too many", { calls: Buffer.alloc(13, 1) }),
		changed("whose calls are all in the future", { calls: Buffer.alloc(600, 0xff) }),
		changed("whose calls are a text", { calls: "text" }),
		{
			name: "a lane's state, removed",
			when: "gathering",
			act: ({ removeRow }) => removeRow("state", ""),
			victims: [],
		},
		state("that pauses until the year 58946", { pause: { until: muchTooFar, reason: "x" } }),
		state("that pauses until no time", { pause: { until: null, reason: null } }),
		state("that pauses for a reason of 40,000 characters", { pause: { until: far, reason: "x".repeat(20_000) } }),
		state("that is parked until the year 58946", { parked: { since: muchTooFar, probeAt: muchTooFar, reason: "x" } }),
		state("whose breakers are none", { gates: [1, null] }),
		state("whose breaker opens in the year 58946", {
			gates: { "contoso/audit": { since: 0, probeAt: muchTooFar, reason: 7 } },
		}),
		state("whose wake-up surfaces in the year 58946", { wake: { last: 3, at: muchTooFar } }),
		state("whose wake-up has surfaced long ago", { wake: { last: 3, at: 0 } }),
		state("whose wake-ups have absurd numbers", { wake: { last: 1e300, at: 1e300 } }),
		state("whose last wake-up has the last number there is", { wake: { last: Number.MAX_SAFE_INTEGER, at: null } }),
		state("whose numbers are texts", { troubles: "many", slowDowns: "few", wake: { last: "a", at: "b" } }),
		state("with failures without end", { troubles: 1e300, slowDowns: 1e300 }),
		state("whose token ended at no time", { tokenExpiresAt: "never" }),
	];
}
