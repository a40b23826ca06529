import type { Health, Local, Receipt } from "./answers.ts";
import { type Api, ApiError, type Filter } from "./api.ts";
import { createRecent } from "./recent.ts";
import { TONES } from "./way-of.ts";

/** All that the page shows; a new object with every change. */
export interface View {
	/** Epoch milliseconds; when it was looked last. */
	readonly now: number;
	/** `asking`: nobody has answered yet. `locked`: a function key is wanted. */
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

/** Looks at the bridge again and again, as long as somebody looks at the page. */
export interface Live {
	view(): View;
	setFilter(filter: Filter): void;
	setRunning(running: boolean): void;
	/** Looks at once, at everything: after a replay, or with another key. */
	refresh(): Promise<void>;
	/** The page was hidden, or is seen again. */
	setVisible(visible: boolean): void;
}

export interface LiveOptions {
	readonly api: Api;
	readonly isLocal: boolean;
	/** Whether a key is there; without one, only a host on this machine is asked for receipts. */
	readonly hasKey: () => boolean;
	/** Epoch milliseconds. */
	readonly now: () => number;
	readonly onChange: () => void;
	/** As `setTimeout`. */
	readonly later: (run: () => void, ms: number) => void;
}

export const EVERY_MS = 2_000;
/** Health is kept for ten seconds by whoever answers. */
const HEALTH_EVERY = 5;
const SHOWN = 100;
/** Without a key nothing stays that was seen with one. */
const LOCKED = { access: "locked", shown: [], recent: [], deadLetters: [] } as const;

export function createLive({ api, isLocal, hasKey, now, onChange, later }: LiveOptions): Live {
	const recent = createRecent();
	let view: View = {
		now: now(),
		access: "asking",
		problem: undefined,
		health: undefined,
		shown: [],
		complete: true,
		recent: [],
		isPart: false,
		deadLetters: [],
		local: undefined,
		filter: { state: "", find: "" },
		running: true,
	};
	let visible = true;
	/** Counts what was asked, so that an answer that was overtaken is dropped. */
	let asked = 0;
	let round = 0;
	/** A key that was not taken is not sent again. */
	let isRefused = false;
	let asksLocally = isLocal;

	function change(part: Partial<View>): void {
		view = { ...view, now: now(), ...part };
		onChange();
	}

	async function lookAtReceipts(): Promise<Partial<View>> {
		const { filter } = view;
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

	/** `func start` is on this machine, too, and knows nothing of it. */
	async function lookLocally(): Promise<Local | undefined> {
		try {
			return await api.local();
		} catch (error) {
			if (error instanceof ApiError && error.status === 404) asksLocally = false;
			return undefined;
		}
	}

	async function lookAtDeadLetters(health: Health): Promise<readonly Receipt[]> {
		if (health.deadLetters === 0) return [];
		const states = ["dead", "rejected"] as const;
		const found = await Promise.all(states.map((state) => api.receipts({ state, find: "" }, SHOWN)));
		return found.flatMap(({ receipts }) => receipts);
	}

	async function look(everything: boolean): Promise<void> {
		asked += 1;
		const mine = asked;
		const part: { -readonly [Key in keyof View]?: View[Key] } = { problem: undefined };
		try {
			if (everything) part.health = await api.health();
			if (asksLocally) part.local = await lookLocally();
			if (isRefused) part.problem = view.problem;
			else if (!isLocal && !hasKey()) Object.assign(part, LOCKED);
			else Object.assign(part, await lookAtReceipts());
			const health = part.health;
			const found = health !== undefined && part.access === "open" ? await lookAtDeadLetters(health) : view.deadLetters;
			if (part.access === "open") part.deadLetters = deadLettersOf(found, part.recent ?? []);
		} catch (error) {
			if (error instanceof ApiError && error.status === 401) {
				isRefused = true;
				Object.assign(part, LOCKED);
				part.problem = hasKey() ? "the bridge does not take this key for receipts" : undefined;
			} else {
				part.problem = (error as Error).message;
			}
		}
		if (mine === asked) change(part);
	}

	async function turn(): Promise<void> {
		if (visible && view.running) {
			await look(round % HEALTH_EVERY === 0);
			round += 1;
		}
		later(() => void turn(), EVERY_MS);
	}

	// The first change must find whoever made this.
	later(() => void turn(), 0);

	return {
		view: () => view,
		setFilter(filter) {
			change({ filter });
			void look(false);
		},
		setRunning(running) {
			change({ running });
			if (running) void look(true);
		},
		async refresh() {
			recent.clear();
			isRefused = false;
			await look(true);
		},
		setVisible(is) {
			visible = is;
			if (is && view.running) void look(true);
		},
	};
}

/** Dead letters as they were found, corrected by what has become of events since. */
function deadLettersOf(found: readonly Receipt[], recent: readonly Receipt[]): readonly Receipt[] {
	const known = new Map(recent.map((receipt) => [receipt.key, receipt]));
	const older = found.filter(({ key }) => !known.has(key));
	return [...recent.filter(({ state }) => TONES[state] === "lost"), ...older];
}
