import { plain } from "../../log.ts";
import type { Io } from "../io.ts";
import { counted, painter } from "../print.ts";

/** One thing that is wrong, or looks wrong, in a routes table. */
export interface Finding {
	/**
	 * `error`: the bridge refuses the table, or the route can never do what it says. `warning`: look at it. `cannot tell`:
	 * it depends on events whether a limit is kept.
	 */
	readonly verdict: "error" | "warning" | "cannot tell";
	/** The route's name; null where it concerns the whole table. */
	readonly route: string | null;
	/** The member, as a path in the table's JSON: `routes[0].filter.includedEventTypes[1]`; empty for the table itself. */
	readonly path: string;
	readonly problem: string;
	/** What to do, as an instruction. */
	readonly repair: string;
}

/** A finding about one route: what is wrong at a member of it. */
export type RouteFinding = Omit<Finding, "route">;

const finding = (verdict: Finding["verdict"]) => (path: string, problem: string, repair: string) =>
	({ verdict, path, problem, repair }) satisfies RouteFinding;

export const error = finding("error");
export const warning = finding("warning");
export const cannotTell = finding("cannot tell");

export function printFindings(io: Io, name: string, findings: readonly Finding[]): void {
	const paint = painter(io);
	for (const { verdict, route, path, problem, repair } of findings) {
		const place = [route === null ? "" : `"${route}"`, path].filter((text) => text !== "").join("  ");
		io.stdout.write(`${paint(verdict, verdict.padEnd(8))} ${place === "" ? "the table" : plain(place)}\n`);
		io.stdout.write(`         ${plain(problem)}\n         repair: ${plain(repair)}\n`);
	}
	io.stdout.write(`${findings.length > 0 ? "\n" : ""}${plain(name)}: ${summaryOf(findings)}\n`);
}

export function summaryOf(findings: readonly Finding[]): string {
	const count = (verdict: Finding["verdict"]) => findings.filter((finding) => finding.verdict === verdict).length;
	const parts = (["error", "warning"] as const).filter((verdict) => count(verdict) > 0);
	const told = parts.length === 0 ? ["nothing to repair"] : parts.map((verdict) => counted(count(verdict), verdict));
	const open = count("cannot tell");
	return [...told, ...(open === 0 ? [] : [`${counted(open, "limit")} that cannot be checked`])].join(", ");
}
