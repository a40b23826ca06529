import type { Api, ApiError, Which } from "./api.ts";
import { counted } from "./words.ts";

export type Action = "replay" | "discard";

/** An action that was done, in a word. */
export const DONE: Readonly<Record<Action, string>> = { replay: "replayed", discard: "discarded" };

/** One request takes 200 dead letters; so many requests for one confirmation. */
const MOST_REQUESTS = 10;

/** Does it, and says in words what came of it; rejects with ApiError where nothing was done. */
export async function doAll(api: Api, action: Action, which: Which): Promise<string> {
	const refusals: (string | null)[] = [];
	let done = 0;
	let next: string | undefined;
	let failure = "";
	for (let requests = 0; requests < MOST_REQUESTS; requests++) {
		const answer = await api[action]({ ...which, continue: next }).catch((error: ApiError) => {
			if (requests === 0) throw error;
			return error;
		});
		if (answer instanceof Error) {
			failure = `; then: ${answer.message}`;
			break;
		}
		for (const { outcome, reason } of "replayed" in answer ? answer.replayed : answer.discarded) {
			if (outcome === "refused") refusals.push(reason);
			else done += 1;
		}
		next = answer.continue;
		if (next === undefined) break;
	}
	const refused = refusals.length === 0 ? "" : `; ${refusals.length} refused: ${refusals[0]}`;
	const more = next === undefined ? "" : `; there are more, ${action} again`;
	return `${counted(done, "dead letter")} ${DONE[action]}${refused}${failure}${more}`;
}
