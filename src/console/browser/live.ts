import type { Filter } from "./api.ts";
import { createLooker, type LookOptions, type View } from "./look.ts";

/** Looks at the bridge again and again, as long as the page is seen. */
export interface Live {
	view(): View;
	setFilter(filter: Filter): void;
	setRunning(running: boolean): void;
	/** Looks at once, at everything: after a replay, or with another key. */
	refresh(): Promise<void>;
	/** The page was hidden, or is seen again. */
	setVisible(visible: boolean): void;
}

export interface LiveOptions extends LookOptions {
	/** Epoch milliseconds. */
	readonly now: () => number;
	readonly onChange: () => void;
	/** As `setTimeout`. */
	readonly later: (run: () => void, ms: number) => void;
}

export const EVERY_MS = 2_000;
/** The bridge keeps its answer about health for ten seconds. */
const HEALTH_EVERY = 5;

export function createLive(options: LiveOptions): Live {
	const { now, onChange, later } = options;
	const looker = createLooker(options);
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

	function change(part: Partial<View>): void {
		view = { ...view, now: now(), ...part };
		onChange();
	}

	async function look(everything: boolean): Promise<void> {
		asked += 1;
		const mine = asked;
		const part = await looker.look(view, everything);
		if (mine === asked) change(part);
	}

	async function turn(): Promise<void> {
		if (visible && view.running) {
			await look(round % HEALTH_EVERY === 0);
			round += 1;
		}
		later(() => void turn(), EVERY_MS);
	}

	// The first change comes when the caller has what this returns.
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
			looker.forget();
			await look(true);
		},
		setVisible(is) {
			visible = is;
			if (is && view.running) void look(true);
		},
	};
}
