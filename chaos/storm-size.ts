/** How large a storm is to be. */
export interface StormSize {
	readonly events: number;
	readonly kills: number;
	readonly outages: number;
	/** Whether it may last: with pauses of a minute, with what is parked and probed every three, and with what is given up. */
	readonly long: boolean;
	/** Milliseconds in which the events come. */
	readonly intakeMs: number;
}
