import type { View } from "../ledger/lane-lease.ts";
import type { LaneState } from "../ledger/lane-state.ts";
import type { Entry } from "../ledger/outbox.ts";
import type { Log } from "../log.ts";
import type { Disposition } from "../model.ts";

/** One drain of a lane that is held. */
export interface DrainRun {
	readonly log: Log;
	/** The number of the wake-up that caused it; none where an acceptor drains what it has just accepted. */
	readonly wake?: number;
	/** Whether to look again. */
	readonly goesOn: () => boolean;
	/** Whether to wait for what can be done at that time, epoch milliseconds. */
	readonly waitsFor: (at: number) => boolean;
	/** Told what was read, before anything is sent. */
	readonly onView?: (view: View, state: LaneState) => void;
	/** Told what became of an entry. */
	readonly onSettled?: (entry: Entry, disposition: Disposition) => void;
}
