import { availableParallelism } from "node:os";
import { version } from "../package.json";
import type { Evidence, Finding } from "./evidence.ts";
import type { Judgement } from "./judge.ts";
import type { Oracle } from "./oracle.ts";

/** A storm, as `--json` tells of it. */
export interface Report {
	/** Of grid-dispatch. */
	readonly version: string;
	readonly node: string;
	readonly cpus: number;
	readonly seed: number;
	readonly events: number;
	readonly requests: number;
	/** Requests that were not answered with success, and were sent again. */
	readonly failedRequests: number;
	readonly kills: number;
	readonly outages: number;
	/** How long storage was away in all. */
	readonly outageSeconds: number;
	/** Events that were answered with success. */
	readonly acknowledged: number;
	readonly lost: number;
	/** Deliveries by how they ended. */
	readonly dispatched: number;
	readonly coalesced: number;
	readonly dead: number;
	/** Of the dead letters, single ones and windows: those whose repair took too long. */
	readonly givenUp: number;
	readonly rejected: number;
	readonly windows: number;
	/** Everything that was taken, and of that the workflow dispatches and the runs of Azure Pipelines. */
	readonly dispatches: number;
	readonly workflows: number;
	readonly pipelines: number;
	/** Receipts that show their run for certain. */
	readonly withRun: number;
	readonly duplicates: { readonly explained: Readonly<Record<string, number>>; readonly unexplained: number };
	readonly twiceGathered: number;
	readonly refusedByLimit: { readonly explained: number; readonly unexplained: number };
	/** Calls that came although GitHub had asked for time. */
	readonly impatient: number;
	/** From the first event until nothing waited any more. */
	readonly seconds: number;
	/** Dispatches a second in all, and the most of a lane in a minute beside what is allowed. */
	readonly rate: { readonly perSecond: number; readonly fullestMinute: number; readonly perMinuteAllowed: number };
	/** Until a request was answered with success, and from that answer until its destination had the event. */
	readonly answerMs: Percentiles;
	readonly arrivalMs: Percentiles;
	/** Empty where all is well. */
	readonly findings: readonly Finding[];
}

export interface Percentiles {
	readonly p50: number;
	readonly p99: number;
	readonly longest: number;
}

interface Known {
	readonly evidence: Evidence;
	readonly judgement: Judgement;
	readonly oracle: Pick<Oracle, "answeredInMs" | "counts">;
	readonly findings: readonly Finding[];
	readonly passedMs: number;
}

export function toReport({ evidence, judgement, oracle, findings, passedMs }: Known): Report {
	const { plan, received, kills, outages } = evidence;
	const { deliveries, gathered, duplicates, pace } = judgement;
	return {
		version,
		node: process.version,
		cpus: availableParallelism(),
		seed: plan.seed,
		events: plan.events.length,
		requests: oracle.counts.requests,
		failedRequests: oracle.counts.failures,
		kills: kills.length,
		outages: outages.length,
		outageSeconds: Math.round(outages.reduce((sum, { from, to }) => sum + to - from, 0) / 1_000),
		acknowledged: deliveries.acknowledged,
		lost: deliveries.lost,
		dispatched: deliveries.dispatched,
		coalesced: deliveries.coalesced,
		dead: deliveries.dead,
		givenUp: deliveries.givenUp,
		rejected: deliveries.rejected,
		windows: gathered.windows,
		dispatches: received.length,
		workflows: received.filter(({ to }) => /\.yml$/.test(to)).length,
		pipelines: received.filter(({ to }) => to.startsWith("dev.azure.com/")).length,
		withRun: judgement.runs.known,
		duplicates: { explained: duplicates.explained, unexplained: duplicates.unexplained },
		twiceGathered: gathered.twice,
		refusedByLimit: { explained: pace.refused - pace.refusedUnexplained, unexplained: pace.refusedUnexplained },
		impatient: pace.impatient,
		seconds: Math.round(passedMs / 1000),
		rate: {
			perSecond: Math.round((received.length / passedMs) * 10_000) / 10,
			fullestMinute: pace.fullestMinute,
			perMinuteAllowed: evidence.pace.perMinute,
		},
		answerMs: percentiles(oracle.answeredInMs),
		arrivalMs: percentiles(arrivals(evidence)),
		findings,
	};
}

/** From the answer to an event until its first dispatch; those that arrived before they were answered took no time. */
function arrivals({ plan, told, received }: Evidence): number[] {
	const first = new Map<unknown, number>();
	for (const { at, event } of received) if (!first.has(event.id)) first.set(event.id, Date.parse(at));
	return plan.events.flatMap(({ id }, index) => {
		const [arrivedAt, acknowledgedAt] = [first.get(id), told[index]?.acknowledgedAt];
		return arrivedAt === undefined || acknowledgedAt === undefined ? [] : [Math.max(0, arrivedAt - acknowledgedAt)];
	});
}

function percentiles(values: readonly number[]): Percentiles {
	const sorted = [...values].sort((one, other) => one - other);
	const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
	return { p50: at(0.5), p99: at(0.99), longest: sorted.at(-1) ?? 0 };
}

/** A report as a person reads it. */
export function toText(report: Report): string {
	const { duplicates, twiceGathered, refusedByLimit, rate, answerMs, arrivalMs, findings } = report;
	const excuses = Object.entries(duplicates.explained).map(([excuse, count]) => `${excuse}: ${count}`);
	const lines: readonly (readonly [string, string])[] = [
		["seed", String(report.seed)],
		["events", `${report.events}, in ${report.requests} requests, of which ${report.failedRequests} failed`],
		["faults", `${report.kills} kills, ${report.outages} outages of storage, ${report.outageSeconds} s in all`],
		["acknowledged", `${report.acknowledged} events`],
		["lost", String(report.lost)],
		[
			"deliveries",
			`${report.dispatched} dispatched, ${report.coalesced} gathered in ${report.windows} windows, ${report.dead} in dead letters (${report.givenUp} given up)`,
		],
		["rejected", `${report.rejected} events answered with success, recorded as dead letters`],
		[
			"dispatches",
			`${report.dispatches} in ${report.seconds} s: ${rate.perSecond} a second; ${report.workflows} to workflows, ${report.pipelines} to pipelines`,
		],
		["fullest minute", `${rate.fullestMinute} dispatches of a lane, ${rate.perMinuteAllowed} are allowed`],
		["repeats", `${excuses.join(", ")}; unexplained: ${duplicates.unexplained}`],
		["in two windows", String(twiceGathered)],
		["runs", `${report.withRun} receipts show theirs for certain`],
		[
			"limits",
			`refused ${refusedByLimit.explained} explained, ${refusedByLimit.unexplained} unexplained; ${report.impatient} calls were impatient`,
		],
		["answer", `p50 ${answerMs.p50} ms, p99 ${answerMs.p99} ms, longest ${answerMs.longest} ms`],
		["then taken", `p50 ${arrivalMs.p50} ms, p99 ${arrivalMs.p99} ms, longest ${arrivalMs.longest} ms`],
	];
	const table = lines.map(([name, text]) => `${name.padEnd(15)} ${text}`).join("\n");
	const head = `grid-dispatch ${report.version}, Node ${report.node}, CPUs: ${report.cpus}`;
	return `${head}\n\n${table}\n\n${judgementOf(findings)}\n`;
}

const SHOWN_OF_A_RULE = 8;

function judgementOf(findings: Report["findings"]): string {
	if (findings.length === 0) return "The judges find nothing.";
	const rules = [...new Set(findings.map(({ rule }) => rule))];
	const broken = rules.flatMap((rule) => {
		const cases = findings.filter((finding) => finding.rule === rule).map(({ what }) => what);
		const more = cases.length > SHOWN_OF_A_RULE ? [`    and ${cases.length - SHOWN_OF_A_RULE} more`] : [];
		return [`- not so: ${rule}`, ...cases.slice(0, SHOWN_OF_A_RULE).map((what) => `    ${what}`), ...more];
	});
	return [`The judges find ${findings.length}:`, ...broken].join("\n");
}
