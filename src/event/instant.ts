/** A moment, exactly. */
interface Instant {
	/** Milliseconds since 1970, rounded down. A leap second counts as the second that follows it. */
	readonly epochMs: number;
	/** The same for each spelling of this instant, and for no other one: in UTC, without zeros at the end. */
	readonly text: string;
}

const DATE_TIME =
	/^(\d{4}-\d\d-)(\d\d)[Tt ](\d\d:\d\d)(?::(\d\d)(?:\.(\d+))?)?(?:[Zz]|([+-])([01]\d|2[0-3]):?([0-5]\d))?$/;

/**
 * Reads a date and time as RFC 3339 has it; seconds and zone may be missing, and no zone means UTC. The leap second
 * `23:59:60` exists, 30 February does not. Undefined for what is none.
 */
export function readInstant(time: string): Instant | undefined {
	const [whole, month = "", day, clock, seconds = "00", fraction = "", sign, hours, minutes] =
		DATE_TIME.exec(time) ?? [];
	if (whole === undefined) return undefined;
	const isLeap = seconds === "60";
	const local = `${month}${day}T${clock}:${isLeap ? "59" : seconds}`;
	const localMs = Date.parse(`${local}Z`);
	// JavaScript takes 30 February for 2 March.
	if (Number.isNaN(localMs) || new Date(localMs).getUTCDate() !== Number(day)) return undefined;
	const offsetMs = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * (sign === "-" ? -60_000 : 60_000);
	const utcMs = localMs - offsetMs;
	const second = offsetMs === 0 ? local : new Date(utcMs).toISOString().slice(0, -".000Z".length);
	if (isLeap && !second.endsWith("T23:59:59")) return undefined;
	const digits = fraction.replace(/0+$/, "");
	return {
		epochMs: utcMs + (isLeap ? 1_000 : 0) + Number(fraction.slice(0, 3).padEnd(3, "0")),
		text: `${isLeap ? second.replace(/59$/, "60") : second}${digits === "" ? "" : `.${digits}`}Z`,
	};
}
