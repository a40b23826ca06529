import type { Health, Local, Receipt } from "./answers.ts";
import { type Api, ApiError, type Filter } from "./api.ts";
import { createRecent, type Recent } from "./recent.ts";
import { TONES } from "./way-of.ts";

/** All that the page shows; a new object with every change. */
export interface View {
	/** Epoch milliseconds; when it was looked last. */
	readonly now: number;
	/** `asking`: no answer has come yet. `locked`: a function key is wanted. */
	readonly access: "asking" | "open" | "locked";
	/** Why the last look failed, in words; undefined while all is well. */
	readonly problem: string | undefined;
	readonly health: Health | undefined;
	/** What is listed: the newest, or what the filter finds. */
	readonly shown: readonly Receipt[];
	/** False where the filter would find more. */
	readonly complete: boolean;
	/** What is known of the last hour, and whether there is more. */
	readonly recent: readonly Receipt[];
	readonly isPart: boolean;
	readonly deadLetters: readonly Receipt[];
	/** Undefined but on the local host. */
	readonly local: Local | undefined;
	readonly filter: Filter;
	/** Whether it goes on looking. */
	readonly running: boolean;
}

export interface LookOptions {
	readonly api: Api;
	readonly isLocal: boolean;
	/** Whether a key is there; without one, only a host on this machine is asked for receipts. */
	readonly hasKey: () => boolean;
}

const SHOWN = 100;
/** Without a key nothing stays that was seen with one. */
const LOCKED = { access: "locked", shown: [], recent: [], deadLetters: [] } as const;

/** Asks the bridge, and remembers what the next question depends on. */
export function createLooker({ api, isLocal, hasKey }: LookOptions) {
	const recent = createRecent();
	/** A key that was not taken is not sent again. */
	let isRefused = false;
	let asksLocally = isLocal;

	/** `func start` is on this machine, too, and knows nothing of it. */
	async function lookLocally(): Promise<Local | undefined> {
		try {
			return await api.local();
		} catch (error) {
			if (error instanceof ApiError && error.status === 404) asksLocally = false;
			return undefined;
		}
	}

	async function ask(part: Part, view: View, everything: boolean): Promise<void> {
		if (everything) part.health = await api.health();
		if (asksLocally) part.local = await lookLocally();
		if (isRefused) part.problem = view.problem;
		else if (!isLocal && !hasKey()) Object.assign(part, LOCKED);
		else Object.assign(part, await lookAtReceipts(api, recent, view.filter));
		if (part.access !== "open") return;
		const found = part.health === undefined ? view.deadLetters : await lookAtDeadLetters(api, part.health);
		part.deadLetters = deadLettersOf(found, part.recent ?? []);
	}

	return {
		/** What has changed. Never rejects: what goes wrong is a part of the view. */
		async look(view: View, everything: boolean): Promise<Part> {
			const part: Part = { problem: undefined };
			try {
				await ask(part, view, everything);
			} catch (error) {
				if (error instanceof ApiError && error.status === 401) {
					isRefused = true;
					Object.assign(part, LOCKED);
					part.problem = hasKey() ? "the bridge does not take this key for receipts" : undefined;
				} else {
					part.problem = (error as Error).message;
				}
			}
			return part;
		},
		/** Begins anew: with another key, or after a replay. */
		forget(): void {
			recent.clear();
			isRefused = false;
		},
	};
}

type Part = { -readonly [Key in keyof View]?: View[Key] };

async function lookAtReceipts(api: Api, recent: Recent, filter: Filter): Promise<Partial<View>> {
	const limit = recent.limit();
	const all = await api.receipts({ state: "", find: "" }, limit);
	recent.merge(all, limit);
	const known = recent.list();
	const found = filter.state === "" && filter.find === "" ? undefined : await api.receipts(filter, SHOWN);
	return {
		access: "open",
		recent: known,
		isPart: recent.isPart(),
		shown: found?.receipts ?? known.slice(0, SHOWN),
		complete: found?.complete ?? true,
	};
}

async function lookAtDeadLetters(api: Api, health: Health): Promise<readonly Receipt[]> {
	if (health.deadLetters === 0) return [];
	const states = ["dead", "rejected"] as const;
	const found = await Promise.all(states.map((state) => api.receipts({ state, find: "" }, SHOWN)));
	return found.flatMap(({ receipts }) => receipts);
}

/** Dead letters as they were found, corrected by what has become of events since. */
function deadLettersOf(found: readonly Receipt[], recent: readonly Receipt[]): readonly Receipt[] {
	const known = new Map(recent.map((receipt) => [receipt.key, receipt]));
	const older = found.filter(({ key }) => !known.has(key));
	return [...recent.filter(({ state }) => TONES[state] === "lost"), ...older];
}
