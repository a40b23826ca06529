import { createLooker, type LookOptions } from "./look.ts";
import { emptyView, type Filter, knownReceipt, type Part, type View } from "./view.ts";

/** Asks the bridge again and again while the page is visible. */
export interface Live {
	view(): View;
	setFilter(filter: Filter): void;
	/** Shows the next page of the list, or the one before. */
	turn(forward: boolean): Promise<void>;
	/** Opens the receipt with that key, and closes it with undefined. */
	open(key: string | undefined): void;
	setRunning(running: boolean): void;
	/** Looks at once, at everything: after a replay, or with another key. */
	refresh(): Promise<void>;
	/** The page was hidden, or is visible again. */
	setVisible(visible: boolean): void;
}

export interface LiveOptions extends LookOptions {
	readonly onChange: () => void;
	/** As `setTimeout`. */
	readonly later: (run: () => unknown, ms: number) => void;
}

export const EVERY_MS = 2_000;
/** The bridge keeps its answer about health for ten seconds. */
const HEALTH_EVERY = 5;

export function createLive(options: LiveOptions): Live {
	const { now, onChange, later } = options;
	const looker = createLooker(options);
	let view = emptyView(now());
	let visible = true;
	/** Counts what was asked, so that an answer that was overtaken is dropped. */
	let asked = 0;
	let round = 0;

	function change(part: Part): void {
		view = { ...view, now: now(), ...part };
		onChange();
	}

	async function look(everything: boolean): Promise<void> {
		asked += 1;
		const mine = asked;
		const part = await looker.look(view, everything);
		// What was opened or closed meanwhile stays so.
		if (part.opened?.key !== view.opened?.key) delete part.opened;
		if (mine === asked) change(part);
	}

	async function turn(): Promise<void> {
		try {
			if (visible && view.running) await look(round++ % HEALTH_EVERY === 0);
		} finally {
			// An answer that cannot be drawn does not stop the page.
			later(turn, EVERY_MS);
		}
	}

	// The first change comes when the caller has what this returns.
	later(turn, 0);

	return {
		view: () => view,
		setFilter(filter) {
			// The chart covers the same time as the list.
			const isOtherTime = filter.range !== view.filter.range;
			looker.toFirst();
			change({ filter });
			void look(isOtherTime);
		},
		async turn(forward) {
			try {
				await looker.turn(forward, view.filter);
			} catch (error) {
				return change({ problem: (error as Error).message });
			}
			await look(false);
		},
		open(key) {
			if (key === view.opened?.key) return;
			if (key === undefined) return change({ opened: undefined });
			const receipt = knownReceipt(view, key);
			change({ opened: { key, receipt, isMissing: false } });
			if (receipt === undefined) void look(false);
		},
		setRunning(running) {
			change({ running });
			if (running) void look(true);
		},
		async refresh() {
			looker.forget();
			await look(true);
		},
		setVisible(is) {
			visible = is;
			if (is && view.running) void look(true);
		},
	};
}
