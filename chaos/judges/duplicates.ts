import type { ApiCall } from "../../src/local/stand-in/calls.ts";
import type { Finding, Interval } from "../evidence.ts";
import type { Dossier } from "./dossier.ts";

export interface Duplicates {
	readonly findings: readonly Finding[];
	/** How many dispatches came once more than needed, by what excuses them. */
	readonly explained: Readonly<Record<Excuse, number>>;
	readonly unexplained: number;
}

const EXCUSES = [
	"answer lost",
	"taken, though the answer said otherwise",
	"killed before the result was written",
	"storage gone before the result was written",
	"lease forgotten by Azurite",
] as const;
export type Excuse = (typeof EXCUSES)[number];

/** From a call's arrival until its result is written, on a busy machine. */
const KILL_MS = 6_000;
/** A result is written as long as a minute; another bridge may have the lane by then. */
const OUTAGE_MS = 75_000;
/**
 * Azurite forgets leases when it is started again, which Azure Storage does not: a bridge that had the lease of a lane goes on until
 * the lease would have to be renewed, beside the one that takes it then.
 */
const LEASE_MS = 30_000;
const SAME_TIME_MS = 11_000;

/**
 * Delivery is at least once, since no destination has a key by which it could tell a repeat. A repeat is excused only by a call
 * whose end the bridge could not write down: each extra dispatch needs one of its own.
 */
export function duplicates(dossier: Dossier): Duplicates {
	const findings: Finding[] = [];
	const explained = Object.fromEntries(EXCUSES.map((excuse) => [excuse, 0])) as Record<Excuse, number>;
	let unexplained = 0;
	const receipts = new Map(dossier.receipts.map((receipt) => [receipt.key, receipt]));
	for (const key of new Set(dossier.received.map((taken) => taken.key))) {
		const taken = dossier.dispatches(key);
		if (taken.length < 2) continue;
		const written = receipts.get(key)?.statuses.filter((status) => status !== null && status < 300).length ?? 0;
		const calls = taken.map(({ at }) => dossier.calls.find((call) => call.key === key && call.at === Date.parse(at)));
		const excuses = calls.flatMap((call, index) => excuseOf(call, calls[index + 1], dossier) ?? []);
		// The last one was written; of the others each has to have an excuse.
		const extra = taken.length - 1;
		for (const excuse of excuses.slice(0, extra)) explained[excuse] += 1;
		const missing = written > 1 ? written - 1 : Math.max(0, extra - excuses.length);
		if (missing === 0) continue;
		unexplained += missing;
		const times = taken.map(({ at }) => at).join(", ");
		findings.push({ rule: "a repeat has an excuse", what: `${key} was dispatched at ${times}; written: ${written}` });
	}
	return { findings, explained, unexplained };
}

/** @param next the same dispatch once more */
function excuseOf(
	call: ApiCall | undefined,
	next: ApiCall | undefined,
	{ kills, outages }: Dossier,
): Excuse | undefined {
	if (call === undefined) return undefined;
	if (call.fault === "cut after") return "answer lost";
	if (call.taken === true) return "taken, though the answer said otherwise";
	if (kills.some((at) => at >= call.at && at <= call.at + KILL_MS)) return "killed before the result was written";
	if (outages.some((outage) => overlaps(outage, { from: call.at, to: call.at + OUTAGE_MS }))) {
		return "storage gone before the result was written";
	}
	const isSameTime = next !== undefined && next.at - call.at < SAME_TIME_MS;
	if (isSameTime && outages.some(({ to }) => call.at >= to && call.at <= to + LEASE_MS))
		return "lease forgotten by Azurite";
	// No answer was sent although no fault was played: the caller had gone, after ten seconds.
	return call.status === null ? "answer lost" : undefined;
}

function overlaps(one: Interval, other: Interval): boolean {
	return one.from <= other.to && one.to >= other.from;
}
