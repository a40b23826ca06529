import { startFunctionsHost } from "../../src/local/functions-host.ts";
import { readQueueSettings } from "../../src/local/queue-settings.ts";
import { answerQuestions } from "../child.ts";

/**
 * `start`: serve the app with this entry, and say where; with `triggers`, the text of host.json, its queue and timer
 * triggers run, too. `cpu`: the milliseconds of CPU that this process has used.
 */
export type HostQuestion = { readonly start: string; readonly triggers?: string } | { readonly cpu: true };

answerQuestions<HostQuestion>(async (question) => {
	if ("cpu" in question) {
		const { user, system } = process.cpuUsage();
		return (user + system) / 1000;
	}
	const { start: entry, triggers } = question;
	const running =
		triggers === undefined ? {} : { storage: process.env["AzureWebJobsStorage"], queues: readQueueSettings(triggers) };
	// Lines are made and thrown away: printing them is the platform's work, and a terminal's speed is no measure.
	const { url } = await startFunctionsHost({ entry, port: 0, onLog: () => {}, ...running });
	return url;
});
