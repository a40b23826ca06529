import { plain } from "../../log.ts";
import type { Io } from "../io.ts";
import { counted, painter } from "../print.ts";

/** How a link of the chain is. `cannot tell`: it may be sound; who looks is not allowed to see it. */
export type Verdict = "ok" | "warning" | "error" | "cannot tell";

/** What the chain from Event Grid to a workflow is made of, in the order in which an event passes it. */
export type Link =
	| "bridge"
	| "settings"
	| "storage"
	| "event grid"
	| "handshake"
	| "routes"
	| "GitHub"
	| "token"
	| "repository"
	| "actions"
	| "workflows"
	| "runs"
	| "pipelines"
	| "clock";

export interface Check {
	readonly link: Link;
	/** What it is about, where there may be several: a repository, a dispatch type, a file and its line. */
	readonly subject: string | null;
	readonly verdict: Verdict;
	readonly finding: string;
	/** What to do, as an instruction; null where nothing is to be done. */
	readonly repair: string | null;
}

/** Makes checks of one link. */
export function checksOf(link: Link, subject: string | null = null) {
	const make = (verdict: Verdict) => (finding: string, repair: string | null) =>
		({ link, subject, verdict, finding, repair }) satisfies Check;
	const cannotTell = make("cannot tell");
	return {
		ok: (finding: string): Check => make("ok")(finding, null),
		warning: make("warning"),
		error: make("error"),
		cannotTell,
		/** What a token shows: that of another token than the bridge's says nothing certain about the bridge. */
		ofToken: (isBridges: boolean, verdict: "warning" | "error") => (finding: string, repair: string) =>
			isBridges ? make(verdict)(finding, repair) : cannotTell(finding + NOT_THE_BRIDGES, repair),
	};
}

export const NOT_THE_BRIDGES = "; this is the token of your environment, and the bridge may use another token";

const ORDER: readonly Verdict[] = ["error", "warning", "cannot tell", "ok"];
const NARROWEST = 40;
const WIDEST = 120;

/** A table of verdicts: each link once, and below what is wrong its repair. */
export function printChecks(io: Io, checks: readonly Check[]): void {
	const paint = painter(io);
	const widths = { verdict: "cannot tell".length, link: Math.max(...checks.map(({ link }) => link.length)) };
	const indent = " ".repeat(widths.verdict + widths.link + 4);
	const width = io.stdout.isTTY === true ? (io.stdout.columns ?? WIDEST) : WIDEST;
	const room = Math.max(NARROWEST, width - indent.length);
	for (const { link, subject, verdict, finding, repair } of checks) {
		const text = wrapped(plain(subject === null ? finding : `${subject}: ${finding}`), room);
		const head = `${paint(verdict, verdict.padEnd(widths.verdict))}  ${link.padEnd(widths.link)}  `;
		io.stdout.write(`${head}${text.join(`\n${indent}`)}\n`);
		if (repair === null) continue;
		io.stdout.write(`${indent}${wrapped(plain(`repair: ${repair}`), room).join(`\n${indent}`)}\n`);
	}
	io.stdout.write(`\n${summaryOf(checks)}\n`);
}

export function summaryOf(checks: readonly Check[]): string {
	const count = (verdict: Verdict) => checks.filter((check) => check.verdict === verdict).length;
	const told = ORDER.filter((verdict) => verdict !== "ok" && count(verdict) > 0).map((verdict) =>
		verdict === "cannot tell" ? `${counted(count(verdict), "check")} not possible` : counted(count(verdict), verdict),
	);
	return told.length === 0 ? `all ${checks.length} checks are ok` : told.join(", ");
}

/** The worst of all verdicts. */
export function worstOf(checks: readonly Check[]): Verdict {
	return ORDER.find((verdict) => checks.some((check) => check.verdict === verdict)) ?? "ok";
}

function wrapped(text: string, room: number): string[] {
	const lines: string[] = [];
	for (const word of text.split(" ")) {
		const last = lines.at(-1);
		if (last === undefined || last.length + 1 + word.length > room) lines.push(word);
		else lines[lines.length - 1] = `${last} ${word}`;
	}
	return lines;
}
