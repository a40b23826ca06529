import { type GitHubStandIn, startGitHubStandIn } from "../../src/local/github-stand-in.ts";
import { answerQuestions } from "../child.ts";

/** `start`: serve, with this limit of calls a second or with none, and say where. `calls`: what has arrived since. */
export type GitHubQuestion = { readonly start: { readonly perSecond?: number } } | { readonly calls: true };

/** The calls that have been answered, by their status; and when the first and the last arrived, epoch milliseconds. */
export interface GitHubCalls {
	readonly statuses: Readonly<Record<string, number>>;
	readonly first: number;
	readonly last: number;
}

const HOUR_MS = 3_600_000;
const NONE = Number.MAX_SAFE_INTEGER;

let github: GitHubStandIn | undefined;
let seen = 0;

/** The GitHub stand-in. */
answerQuestions<GitHubQuestion>(async (question) => {
	if ("calls" in question) return callsSince();
	const { perSecond } = question.start;
	const limits = { perHour: NONE, contentPerMinute: NONE, contentPerHour: NONE };
	let hours = 0;
	github =
		perSecond === undefined
			? await startGitHubStandIn({
					limits,
					// An hour passes with each request, or it would search a list of all that came before.
					now: () => {
						hours += 1;
						return hours * HOUR_MS;
					},
				})
			: await startGitHubStandIn({ limits: { ...limits, contentPerSecond: perSecond } });
	return github.url;
});

/** Since the question before. */
function callsSince(): GitHubCalls {
	const calls = github?.calls.slice(seen) ?? [];
	seen += calls.length;
	const statuses: Record<string, number> = {};
	for (const { status } of calls) statuses[String(status)] = (statuses[String(status)] ?? 0) + 1;
	return { statuses, first: calls[0]?.at ?? 0, last: calls.at(-1)?.at ?? 0 };
}
