import type { Report } from "./report.ts";

/** A report as a person reads it. */
export function toText(report: Report): string {
	const { duplicates, twiceGathered, refusedByLimit, rate, answerMs, arrivalMs, findings } = report;
	const excuses = Object.entries(duplicates.explained).map(([excuse, count]) => `${excuse}: ${count}`);
	const lines: readonly (readonly [string, string])[] = [
		["seed", String(report.seed)],
		["events", `${report.events}, in ${report.requests} requests, of which ${report.failedRequests} failed`],
		["trouble", `${report.kills} kills, ${report.outages} outages of storage, ${report.outageSeconds} s in all`],
		["acknowledged", `${report.acknowledged} events`],
		["lost", String(report.lost)],
		[
			"promises",
			`${report.dispatched} dispatched, ${report.coalesced} gathered in ${report.windows} windows, ${report.dead} in dead letters (${report.givenUp} given up)`,
		],
		["rejected", `${report.rejected} events answered with success, kept as dead letters`],
		["dispatches", `${report.dispatches} in ${report.seconds} s: ${rate.perSecond} a second`],
		["fullest minute", `${rate.fullestMinute} calls of a lane, ${rate.perMinuteAllowed} are allowed`],
		["repeats", `${excuses.join(", ")}; unexplained: ${duplicates.unexplained}`],
		["in two windows", String(twiceGathered)],
		[
			"limits",
			`refused ${refusedByLimit.explained} explained, ${refusedByLimit.unexplained} unexplained; ${report.impatient} calls were impatient`,
		],
		["answer", `p50 ${answerMs.p50} ms, p99 ${answerMs.p99} ms, longest ${answerMs.longest} ms`],
		["then at GitHub", `p50 ${arrivalMs.p50} ms, p99 ${arrivalMs.p99} ms, longest ${arrivalMs.longest} ms`],
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
