import type { Local } from "./answers.ts";
import { type Api, ApiError } from "./api.ts";
import { createCounter } from "./counter.ts";
import { correct, lookAtOpened, lookAtRest } from "./listings.ts";
import { createPages } from "./pages.ts";
import { contradicts } from "./present.ts";
import { createRecent } from "./recent.ts";
import type { Part, View } from "./view.ts";

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
