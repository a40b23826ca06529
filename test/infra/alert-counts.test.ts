import { describe, expect, it } from "@jest/globals";
import { readText } from "../docs/read-docs.ts";
import { answerOf } from "../helpers/kql.ts";

const queryOf = (name: string) => readText(`infra/queries/${name}.kql`);
const NOW = Date.parse("2026-03-14T08:15:30Z");

/**
 * What one failed invocation leaves in Application Insights: a request, two exceptions and the bridge's own line.
 * Source: azure-functions-host issue 6564.
 */
function failed(operation_Id: string) {
	const row = (n: number) => ({
		timestamp: NOW,
		operation_Id,
		operation_Name: "eventQueue",
		itemId: `${operation_Id}${n}`,
	});
	const host = "Microsoft.Azure.WebJobs.Host.FunctionInvocationException";
	return {
		requests: [{ ...row(1), name: "eventQueue", resultCode: "0", success: false }],
		exceptions: [
			{ ...row(2), type: host, outerMessage: "Exception while executing function: Functions.eventQueue" },
			{ ...row(3), type: "Error", outerMessage: "storage is down" },
		],
		traces: [
			{ ...row(4), message: '{"stage":"accept","outcome":"unavailable","reason":"storage is down"}' },
			{ ...row(5), message: '{"stage":"accept","outcome":"dispatched"}' },
		],
	};
}

describe("the alert", () => {
	it("about functions counts a failed invocation once, whatever it leaves behind, and says all of it", () => {
		const health = { name: "health", operation_Id: "h", itemId: "h1", resultCode: "503", success: false };
		const refused = { name: "receipts", operation_Id: "r", itemId: "r1", resultCode: "401", success: false };
		const outside = { operation_Id: "", type: "Error", outerMessage: "the host cannot start" };
		const answer = answerOf(
			queryOf("function-failures"),
			{
				requests: [...failed("a").requests, ...failed("b").requests, health, refused],
				exceptions: [...failed("a").exceptions, ...failed("b").exceptions, { ...outside, itemId: "x1" }],
				traces: [...failed("a").traces, ...failed("b").traces],
			},
			NOW,
		);
		expect(answer.map(({ invocation }) => invocation)).toEqual(["a", "b", "x1"]);
		expect(answer[0]).toEqual({
			invocation: "a",
			timestamp: NOW,
			failed: "eventQueue",
			reasons:
				"it ended with 0; Microsoft.Azure.WebJobs.Host.FunctionInvocationException: Exception while executing function: Functions.eventQueue; Error: storage is down; storage is down",
		});
	});

	it.each([
		["nothing about one whose upkeep ended an hour ago", [["upkeep", 1]], false],
		["nothing about one whose upkeep ended late yesterday", [["upkeep", 25]], false],
		["that the last upkeep was more than 26 hours ago", [["upkeep", 26.1]], true],
		[
			"the same about one that is busy all the while",
			[
				["upkeep", 27],
				["request", 1],
			],
			true,
		],
		[
			"that upkeep never ended in an app that has been there for long",
			[
				["request", 30],
				["broken", 3],
			],
			true,
		],
		[
			"nothing about one that was deployed an hour ago",
			[
				["request", 1],
				["host", 1],
			],
			false,
		],
		[
			"nothing about one that was deployed yesterday, and had its first upkeep",
			[
				["host", 40],
				["upkeep", 5],
			],
			false,
		],
		["nothing where there is nothing", [], false],
	] as const)("about upkeep says %s", (_, happened, expected) => {
		const at = (hours: number) => ({ timestamp: NOW - hours * 3_600_000 });
		const messages = {
			upkeep: '{"stage":"maintenance","removed":0,"complete":"true","ms":412}',
			broken: '{"stage":"maintenance","lane":"default","change":"failed","reason":"x"}',
			host: "Host initialized (212ms)",
			request: undefined,
		};
		const rows = happened.map(([what, hours]) => ({ ...at(hours), message: messages[what] }));
		const traces = rows.filter(({ message }) => message !== undefined);
		const requests = rows.filter(({ message }) => message === undefined);
		expect(answerOf(queryOf("no-upkeep"), { traces, requests }, NOW)).toHaveLength(expected ? 1 : 0);
	});
});
