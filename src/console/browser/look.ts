import type { Local, Receipt } from "./answers.ts";
import { type Api, ApiError, around } from "./api.ts";
import { createPages, PAGE } from "./pages.ts";
import { contradicts } from "./present.ts";
import { ALL, createRecent } from "./recent.ts";
import { createCounter } from "./throughput.ts";
import type { Opened, Part, View } from "./view.ts";
import { TONES } from "./way-of.ts";

export interface LookOptions {
	readonly api: Api;
	readonly isLocal: boolean;
	/** Whether a key is there; without one, only a host on this machine is asked for receipts. */
	readonly hasKey: () => boolean;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** Without a key nothing stays that was seen with one, except what a link asks for. */
function locked({ opened }: View): Part {
	return {
		access: "locked",
		shown: [],
		recent: [],
		unread: [],
		deadLetters: [],
		ignored: [],
		counts: undefined,
		opened: opened && { key: opened.key, receipt: undefined, isMissing: false },
	};
}

/** Asks the bridge, and remembers what the next question depends on. */
export function createLooker({ api, isLocal, hasKey, now }: LookOptions) {
	const recent = createRecent();
	const counter = createCounter(api, now);
	const pages = createPages(api, now, recent);
	/** A key that was refused is not sent again. */
	let isRefused = false;
	/** Counts new beginnings: an answer to the key before says nothing of this one. */
	let beginnings = 0;
	let asksLocally = isLocal;

	/** `func start` is on this machine, too, and has no local workbench. */
	async function lookLocally(): Promise<Local | undefined> {
		try {
			return await api.local();
		} catch (error) {
			if (error instanceof ApiError && error.status === 404) asksLocally = false;
			return undefined;
		}
	}

	async function lookAtReceipts(part: Part, view: View, everything: boolean): Promise<void> {
		Object.assign(part, await pages.list(view.filter));
		const next = { ...view, ...part };
		const { range } = view.filter;
		// As long as the page knows all receipts, it counts itself.
		if (everything && next.isPart) counter.start(range);
		part.counts = counter.of(range);
		Object.assign(part, everything ? await lookAtRest(api, next) : correct(next));
		part.opened = await lookAtOpened(api, { ...next, ...part });
		part.access = "open";
	}

	async function ask(part: Part, view: View, everything: boolean): Promise<void> {
		const whole = everything || contradicts(view);
		if (whole) part.health = await api.health();
		if (asksLocally) part.local = await lookLocally();
		if (isRefused) part.problem = view.problem;
		else if (!isLocal && !hasKey()) Object.assign(part, locked(view));
		else await lookAtReceipts(part, view, whole);
	}

	return {
		/** What has changed. Never rejects: what goes wrong is a part of the view. */
		async look(view: View, everything: boolean): Promise<Part> {
			const part: Part = { problem: undefined, isOffline: false };
			const mine = beginnings;
			try {
				await ask(part, view, everything);
				part.seenAt = now();
			} catch (error) {
				if (error instanceof ApiError && error.status === 401) {
					isRefused ||= mine === beginnings;
					Object.assign(part, locked(view));
					part.problem = hasKey() ? "The bridge refuses this key for receipts." : undefined;
				} else {
					part.problem = (error as Error).message;
					part.isOffline = error instanceof ApiError && error.status === undefined;
				}
			}
			return part;
		},
		/** Begins again: with another key, or after a replay. */
		forget(): void {
			beginnings += 1;
			recent.clear();
			isRefused = false;
			counter.clear();
		},
		turn: pages.turn,
		toFirst: pages.toFirst,
	};
}

/** How many ignored events are asked for: the newest. */
const IGNORED = 20;

/** What is asked for less often than the newest receipts: dead letters, and what was ignored. */
export async function lookAtRest(api: Api, view: View): Promise<Part> {
	const { deadLetters = 0, ignored: countOfIgnored = 0 } = view.health ?? {};
	const states = deadLetters > 0 ? (["dead", "rejected"] as const) : [];
	const [dead, ignored] = await Promise.all([
		Promise.all(states.map((state) => api.receipts({ state, limit: PAGE }))),
		countOfIgnored > 0 ? api.receipts({ state: "ignored", limit: IGNORED }) : { receipts: [] },
	]);
	const found = { ...view, deadLetters: dead.flatMap(({ receipts }) => receipts), ignored: ignored.receipts };
	return { ...correct(found), hasMoreDeadLetters: dead.some(({ complete }) => !complete) };
}

/** Dead letters and ignored events as they were found, corrected by what has become of events since. */
export function correct({ deadLetters, ignored, recent }: View): Part {
	const known = new Set(recent.map(({ key }) => key));
	const newest = (found: readonly Receipt[], isOne: (one: Receipt) => boolean) =>
		[...recent.filter(isOne), ...found.filter(({ key }) => !known.has(key))].sort(
			(one, other) => Date.parse(other.acceptedAt) - Date.parse(one.acceptedAt),
		);
	return {
		deadLetters: newest(deadLetters, ({ state }) => TONES[state] === "lost"),
		ignored: newest(ignored, ({ state }) => state === "ignored").slice(0, IGNORED),
	};
}

/** The open receipt, wherever it is; asked for by its event's time once that is known, which is little work. */
export async function lookAtOpened(api: Api, { opened, ...view }: View): Promise<Opened | undefined> {
	if (opened === undefined) return undefined;
	const { key } = opened;
	const known = [...view.recent, ...view.shown, ...view.deadLetters, ...view.ignored].find((one) => one.key === key);
	if (known !== undefined) return { key, receipt: known, isMissing: false };
	const bounds = around(opened.receipt?.event.time ?? "");
	for (const state of ["", "dispatched", "dead"] as const) {
		const { receipts, complete, problems = [] } = await api.receipts({ find: key, state, limit: ALL, ...bounds });
		const receipt = receipts.find((one) => one.key === key);
		if (receipt !== undefined) return { key, receipt, isMissing: false };
		// It may be among what could not be read.
		if (problems.length > 0) return { key, receipt: opened.receipt, isMissing: false };
		// The events of a window mention its key, too, and may fill an answer.
		if (complete) break;
	}
	return { key, receipt: undefined, isMissing: true };
}
