import { startFunctionsHost } from "../../src/local/functions-host.ts";
import { answerQuestions } from "../answer-questions.ts";

/** `start`: serve the app with this entry, and say where. `cpu`: the milliseconds of CPU that this process has used. */
export type HostQuestion = { readonly start: string } | { readonly cpu: true };

answerQuestions<HostQuestion>(async (question) => {
	if ("cpu" in question) {
		const { user, system } = process.cpuUsage();
		return (user + system) / 1000;
	}
	// Lines are made and thrown away: printing them is the platform's work, and a terminal's speed is no measure.
	const { url } = await startFunctionsHost({ entry: question.start, port: 0, onLog: () => {} });
	return url;
});
