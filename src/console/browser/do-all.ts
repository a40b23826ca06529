import type { Api, ApiError, Which } from "./api.ts";
import { counted } from "./summary-of.ts";

export type Action = "replay" | "discard";

/** One request takes 200 dead letters; so many requests for one confirmation. */
const MOST_REQUESTS = 10;

interface Done {
	readonly done: number;
	/** Why the others were refused. */
	readonly refusals: readonly (string | null)[];
	/** Whether there are more than one click reaches. */
	readonly more: boolean;
	/** Why no further request was answered. */
	readonly failure?: string;
}

/** Does it, and says in words what came of it; rejects with ApiError where nothing was done. */
export async function doAll(api: Api, action: Action, which: Which): Promise<string> {
	const refusals: (string | null)[] = [];
	let done = 0;
	let next: string | undefined;
	for (let requests = 0; requests < MOST_REQUESTS; requests++) {
		const question = { ...which, ...(next === undefined ? {} : { continue: next }) };
		const answer = await api[action](question).catch((error: ApiError) => {
			if (requests === 0) throw error;
			return error;
		});
		if (answer instanceof Error) return describe(action, { done, refusals, more: true, failure: answer.message });
		for (const { outcome, reason } of "replayed" in answer ? answer.replayed : answer.discarded) {
			if (outcome === "refused") refusals.push(reason);
			else done += 1;
		}
		next = answer.continue;
		if (next === undefined) break;
	}
	return describe(action, { done, refusals, more: next !== undefined });
}

function describe(action: Action, { done, refusals, more, failure }: Done): string {
	const what = `${counted(done, "dead letter")} ${action === "replay" ? "replayed" : "discarded"}`;
	const why = refusals.length === 0 ? "" : `; ${refusals.length} refused: ${refusals[0]}`;
	const then = failure === undefined ? "" : `; then: ${failure}`;
	return `${what}${why}${then}${more ? `; there are more, ${action} again` : ""}`;
}
