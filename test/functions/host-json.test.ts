import { describe, expect, it } from "@jest/globals";
import { readText } from "../docs/read-docs.ts";

/** In rising order, as .NET has them. */
const LEVELS = ["Trace", "Debug", "Information", "Warning", "Error", "Critical", "None"];
type LogLevels = Readonly<Record<string, string>>;

/** What the Functions host writes of its own accord. Source: azure-functions-host, `ScriptLoggingBuilderExtensions`. */
const HOSTS_OWN = ["Microsoft.Azure.Functions", "Microsoft.Azure.WebJobs.", "Function.", "Worker.", "Host."];

/**
 * Whether the host writes a line. It writes nothing but its own categories from Information on, unless `logLevel` has a
 * rule: the longest beginning of the category wins, and a `default` stands in the place of that whole filter.
 * Sources: azure-functions-host, `ScriptHostBuilderExtensions` (the filter, then host.json's `logging`); .NET,
 * `LoggerRuleSelector`.
 */
function isWritten(rules: LogLevels, category: string, level: string): boolean {
	const reaches = (least: string) => LEVELS.indexOf(level) >= LEVELS.indexOf(least);
	const [longest] = Object.keys(rules)
		.filter((rule) => rule !== "default" && category.toLowerCase().startsWith(rule.toLowerCase()))
		.sort((one, other) => other.length - one.length);
	const least = rules[longest ?? "default"];
	return least === undefined
		? reaches("Information") && HOSTS_OWN.some((own) => category.startsWith(own))
		: reaches(least);
}

const { logging } = JSON.parse(readText("host.json")) as { logging: { logLevel?: LogLevels } };
const { logLevel: rules = {} } = logging;

describe("host.json", () => {
	it.each([
		"Azure.Core",
		"Azure.Core.1",
		"Azure.Identity",
		"Azure.Storage.Queues",
		"Microsoft.AspNetCore.Hosting.Diagnostics",
		"System.Net.Http.HttpClient.Default.ClientHandler",
	])("lets no line of the host's libraries through, idle or not: %s", (category) => {
		expect(LEVELS.slice(0, -1).filter((level) => isWritten(rules, category, level))).toEqual([]);
		// That is what the rule with which every template begins would do.
		expect(isWritten({ default: "Information" }, category, "Information")).toBe(true);
	});

	it.each([
		["what the bridge logs in an invocation", "Function.eventQueue.User", "Information"],
		["what the bridge prints outside of one", "Host.Function.Console", "Information"],
		["that an invocation began, and ended", "Function.deliver", "Information"],
		["the request rows that alerts count", "Host.Results", "Information"],
		["that the host cannot start", "Host.Startup", "Error"],
		["that a listener cannot start", "Microsoft.Azure.WebJobs.Hosting.JobHostService", "Error"],
	])("keeps %s", (_, category, level) => {
		expect(isWritten(rules, category, level)).toBe(true);
	});

	it("keeps no line below Information, such as one for each look into a queue", () => {
		const queues = "Microsoft.Azure.WebJobs.Extensions.Storage.Common.Listeners.QueueListener";
		for (const category of [queues, "Function.deliver", "Function.deliver.User", "Host.Triggers"])
			expect(["Trace", "Debug"].filter((level) => isWritten(rules, category, level))).toEqual([]);
	});
});
