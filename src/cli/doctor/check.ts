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
	const make = (verdict: Verdict) => (finding: string, repair: string | null) => ({
		link,
		subject,
		verdict,
		finding,
		repair,
	});
	const [warning, error, cannotTell] = [make("warning"), make("error"), make("cannot tell")];
	return {
		ok: (finding: string): Check => make("ok")(finding, null),
		warning,
		error,
		cannotTell,
	} as const satisfies Record<string, (...given: never[]) => Check>;
}
