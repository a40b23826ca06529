import type { Local } from "./answers.ts";
import { type Api, ApiError } from "./api.ts";
import { boundsOf } from "./filter.ts";
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

const HOUR_MS = 3_600_000;
/** Without a key nothing stays that was seen with one, except what a link asks for. */
function locked({ opened }: View): Part {
	return {
		access: "locked",
		shown: [],
		recent: [],
		deadLetters: [],
		ignored: [],
		counts: undefined,
		opened: opened && { key: opened.key, receipt: undefined, isMissing: false },
	};
}

/** Asks the bridge, and remembers what the next question depends on. */
export function createLooker({ api, isLocal, hasKey, now }: LookOptions) {
	const recent = createRecent();
	const pages = createPages(api, now, recent);
	/** A key that was refused is not sent again. */
	let isRefused = false;
	let asksLocally = isLocal;
	let hasCounts = true;

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
		if (everything) {
			const [rest, counts] = await Promise.all([
				lookAtRest(api, next),
				hasCounts ? count(api, next, now()) : undefined,
			]);
			if (counts === "closed") hasCounts = false;
			Object.assign(part, rest, { counts: counts === "closed" ? undefined : counts });
		} else {
			Object.assign(part, correct(next));
		}
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
			const part: Part = { problem: undefined };
			try {
				await ask(part, view, everything);
				part.seenAt = now();
			} catch (error) {
				if (error instanceof ApiError && error.status === 401) {
					isRefused = true;
					Object.assign(part, locked(view));
					part.problem = hasKey() ? "The bridge refuses this key for receipts." : undefined;
				} else {
					part.problem = (error as Error).message;
				}
			}
			return part;
		},
		/** Begins again: with another key, or after a replay. */
		forget(): void {
			recent.clear();
			isRefused = false;
			hasCounts = true;
		},
		turn: pages.turn,
		toFirst: pages.toFirst,
	};
}

/** The counts of the chart; `closed` where this bridge does not offer them, or their key is missing. */
async function count(api: Api, { filter }: View, now: number): Promise<View["counts"] | "closed"> {
	const { since, until = now } = boundsOf(filter.range, now);
	try {
		return await api.counts(since ?? until - HOUR_MS, until);
	} catch (error) {
		const { status } = error as ApiError;
		return status === 404 || status === 401 || status === 403 ? "closed" : undefined;
	}
}
