import type { ApiCall } from "../../src/local/stand-in/calls.ts";
import type { Finding } from "../evidence.ts";
import type { Dossier } from "./dossier.ts";

export interface PaceKept {
	readonly findings: readonly Finding[];
	/** Calls that a limit has refused without any fault being played. */
	readonly refused: number;
	readonly refusedUnexplained: number;
	/** Calls that came although GitHub had asked for time. */
	readonly impatient: number;
	/** The most dispatches that a lane has sent in a minute. Looks at runs take nothing of the pace. */
	readonly fullestMinute: number;
}

const MINUTE_MS = 60_000;
/** What is under way when GitHub asks for time comes nevertheless. */
const SLACK_MS = 1_500;
/** Until an answer is written down, on a busy machine. */
const WRITTEN_MS = 3_000;
/** After a kill the lane is taken up again when the lease has ended. */
const REMEMBERED_MS = 95_000;

/** The limits that GitHub has are obeyed, and the time that it asks for is given. */
export function paceKept(dossier: Dossier): PaceKept {
	const { calls, pace } = dossier;
	const refusals = calls.filter(({ fault, status }) => typeof fault !== "number" && (status === 403 || status === 429));
	const unexplained = refusals.filter(({ at }) => !isExcused(at, refusals, dossier));
	const asked = timesAskedFor(dossier);
	const impatient = calls.filter((call) => isImpatient(call, asked, dossier));
	const findings: Finding[] = [
		...unexplained.map(({ at, path }) => ({
			rule: "the bridge obeys GitHub's limits",
			what: `${path} was refused at ${new Date(at).toISOString()}, at ${pace.perSecond}/s and ${pace.perMinute}/m`,
		})),
		...impatient.map(({ at, path }) => ({
			rule: "GitHub is given the time that it asks for",
			what: `${path} was called at ${new Date(at).toISOString()}`,
		})),
	];
	return {
		findings,
		refused: refusals.length,
		refusedUnexplained: unexplained.length,
		impatient: impatient.length,
		fullestMinute: fullestMinute(calls),
	};
}

/** The calls that were under way at a kill, or whose results could not be written, are not counted. */
function isExcused(at: number, refusals: readonly ApiCall[], { kills, outages, pace }: Dossier): boolean {
	const recent = (time: number) => time <= at && time >= at - REMEMBERED_MS;
	const failures = kills.filter(recent).length + outages.filter(({ to }) => recent(to)).length;
	const before = refusals.filter(({ at: other }) => other <= at && recent(other)).length;
	return before <= failures * pace.concurrency;
}

/** A time that GitHub has asked for. */
interface Asked {
	readonly token: string | undefined;
	readonly from: number;
	readonly until: number;
}

/** The times that were asked for by a fault that was played, as the first call heard them that met it. */
function timesAskedFor({ played, calls }: Dossier): Asked[] {
	const scripts = played.flatMap(({ at, weather }) =>
		weather.kind === "faults" ? [{ at, faults: weather.faults }] : [],
	);
	return scripts.flatMap(({ at, faults }, index) => {
		// The next script replaces what no call has met.
		const end = scripts[index + 1]?.at ?? Number.POSITIVE_INFINITY;
		return faults.flatMap(({ status, headers, body }): Asked[] => {
			const named = Number(headers?.["retry-after"]) * 1_000;
			const isLimit = status === 429 || (status === 403 && /rate limit/.test(JSON.stringify(body ?? "")));
			const heard = calls.find((call) => call.at >= at && call.at < end && call.fault === status);
			if (!isLimit || heard === undefined) return [];
			return [{ token: heard.token, from: heard.at, until: heard.at + (Number.isNaN(named) ? MINUTE_MS : named) }];
		});
	});
}

function isImpatient({ at, token }: ApiCall, asked: readonly Asked[], { kills, outages }: Dossier): boolean {
	return asked.some((time) => {
		if (time.token !== token || at < time.from + SLACK_MS || at >= time.until) return false;
		// A bridge that was killed before it wrote that down, or could not write, has told no other.
		const written = { from: time.from - SLACK_MS, to: Math.min(at, time.from + WRITTEN_MS) };
		const failures = [...kills.map((kill) => ({ from: kill, to: kill })), ...outages];
		return !failures.some(({ from, to }) => from <= written.to && to >= written.from);
	});
}

function fullestMinute(calls: readonly ApiCall[]): number {
	const times = new Map<string, number[]>();
	let fullest = 0;
	for (const { token = "", at, method } of calls) {
		if (method !== "POST") continue;
		const recent = [...(times.get(token) ?? []), at].filter((time) => time > at - MINUTE_MS);
		times.set(token, recent);
		fullest = Math.max(fullest, recent.length);
	}
	return fullest;
}
