const DAY_MS = 86_400_000;
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** A time as a short text, in the reader's own time zone; `–` for one that cannot be read. */
export function clock(iso: string, now: number): string {
	const time = Date.parse(iso);
	if (Number.isNaN(time)) return "–";
	return Math.abs(now - time) < DAY_MS ? CLOCK.format(time) : DATE.format(time);
}

/** How long something takes: `340 ms`, `2.3 s`, `14 min`, `3 h`, `12 days`. */
export function span(ms: number): string {
	if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
	if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
	if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
	if (ms < 120 * 60_000) return `${Math.round(ms / 60_000)} min`;
	if (ms < 2 * DAY_MS) return `${Math.round(ms / 3_600_000)} h`;
	return `${Math.floor(ms / DAY_MS)} days`;
}
