import { startGitHubStandIn } from "../../src/local/github-stand-in.ts";
import { answerQuestions } from "../answer-questions.ts";

const HOUR_MS = 3_600_000;
const NONE = Number.MAX_SAFE_INTEGER;

/** The GitHub stand-in without limits; says where it is. */
answerQuestions(async () => {
	let hours = 0;
	const { url } = await startGitHubStandIn({
		limits: { perHour: NONE, contentPerMinute: NONE, contentPerHour: NONE },
		// An hour passes with each request, or it would search a list of all that came before.
		now: () => {
			hours += 1;
			return hours * HOUR_MS;
		},
	});
	return url;
});
