import { describe, expect, it } from "@jest/globals";
import {
	type AzureResponse,
	classifyResponse,
	pauseMs,
} from "../../../src/destinations/azure-devops/classify-response.ts";

const NOW = Date.parse("2026-05-26T12:00:00Z");
const TO = { id: "contoso/fraud/7#main", pipeline: 7, fromEvent: ["Run"] };
const ANSWER: AzureResponse = { status: 200, headers: {}, body: "json", message: "", typeKey: "", isSignIn: false };

const meaningOf = (answer: Partial<AzureResponse>) =>
	classifyResponse({ ...ANSWER, ...answer }, { permission: "Queue builds", to: TO }, NOW);

describe("an answer of Azure DevOps", () => {
	it.each<[string, Partial<AzureResponse>, string, RegExp | undefined]>([
		["200 with JSON", {}, "taken", undefined],
		["299 with JSON", { status: 299 }, "taken", undefined],
		["200 without a body", { body: "none" }, "uncertain", /no body, so it is not known/],
		["200 with a page", { body: "other" }, "unavailable", /check AZURE_DEVOPS_URL/],
		["300 with JSON", { status: 300 }, "unavailable", /does not document this answer/],
		["302 with a page", { status: 302, body: "other" }, "unavailable", /check AZURE_DEVOPS_URL/],
		[
			"203 with its sign-in page",
			{ status: 203, body: "other", isSignIn: true },
			"unauthorized",
			/sign-in page: the token is wrong/,
		],
		["401", { status: 401 }, "unauthorized", /: the token is wrong, revoked or expired/],
		["429", { status: 429 }, "rate-limited", undefined],
		["400 that names its budget", { status: 400, message: "TF400733: canceled" }, "rate-limited", undefined],
		["503 for a resource", { status: 503, message: "exceeding usage of resource" }, "rate-limited", undefined],
		["200 with the words of a limit", { message: "TF400733" }, "taken", undefined],
		["413", { status: 413 }, "permanent", /can never succeed/],
		["400 with a page", { status: 400, body: "other" }, "unavailable", /check AZURE_DEVOPS_URL/],
		["403", { status: 403 }, "unavailable", /allow it "Queue builds" on the pipeline/],
		[
			"404 of a pipeline",
			{ status: 404, message: "TF215016: it is gone" },
			"unavailable",
			/no pipeline 7 in the project/,
		],
		[
			"404 of a pipeline, by its exception",
			{ status: 404, typeKey: "DefinitionNotFoundException" },
			"unavailable",
			/no pipeline 7 in the project/,
		],
		["404", { status: 404 }, "unavailable", /no such project/],
		["400", { status: 400 }, "unavailable", /does not document this answer/],
		["409", { status: 409 }, "unavailable", /does not document this answer/],
		["409 of a pipeline", { status: 409, typeKey: "DefinitionNotFoundException" }, "unavailable", /does not document/],
		["400 of a branch", { status: 400, message: "the latest source version" }, "unavailable", /no such branch/],
		["409 with the words of a branch", { status: 409, message: "using ref" }, "unavailable", /does not document/],
		[
			"400 of the YAML",
			{ status: 400, typeKey: "PipelineValidationException" },
			"unavailable",
			/refuses the pipeline's YAML or its parameters/,
		],
		["409 of the YAML", { status: 409, typeKey: "PipelineValidationException" }, "unavailable", /does not document/],
	])("%s is understood", (_, answer, kind, reason) => {
		const meaning = meaningOf(answer);
		expect(meaning.kind).toBe(kind);
		if (reason !== undefined) expect("reason" in meaning ? meaning.reason : "").toMatch(reason);
	});

	it.each([500, 502, 599, 408])("%d is a failure of the service", (status) => {
		expect(meaningOf({ status }).kind).toBe(meaningOf({ status: 503 }).kind);
		expect(meaningOf({ status: 503 })).toMatchObject({ kind: "uncertain" });
	});
});

describe("what Azure Pipelines says of a parameter", () => {
	const fault = (message: string, status = 400) => meaningOf({ status, message });

	it.each<[string, string, string, RegExp]>([
		[
			"that is not declared",
			"/p: Unexpected parameter 'Run'",
			"unavailable",
			/declare Run in the pipeline's parameters/,
		],
		["that is not declared, with space", "Unexpected parameter 'a b'.", "unavailable", /declare a b in/],
		[
			"without a value, which the event gives",
			"A value for the 'run' parameter must be provided.",
			"permanent",
			/event's value, or the event has none/,
		],
		[
			"without a value, which the route gives",
			"A value for the 'x' parameter must be provided.",
			"unavailable",
			/give x a value in the route's parameters/,
		],
		["with the event's value", "The 'RUN' parameter value 'y' is not a number", "permanent", /event's value/],
		["with the route's value", "For the 'x' parameter is wrong", "unavailable", /correct x in the route's parameters/],
	])("%s has its own repair: %s", (_, message, kind, reason) => {
		expect(fault(message)).toMatchObject({ kind, reason: expect.stringMatching(reason) });
	});

	it.each([
		["with another status", "Unexpected parameter 'Run'", 409],
		["that is quoted before", "'Run' is an unexpected parameter", 400],
		["that only looks like one", "A value for the 'run' is wrong", 400],
		["that comes in other words", "Unexpected parameter, namely 'Run'", 400],
		["without the article", "a 'run' parameter", 400],
		["with another word", "the 'run' parameters", 400],
		["further behind", "the 'run' or a parameter", 400],
		["with a name that has no end", `the '${"x".repeat(201)}' parameter`, 400],
	])("%s is nothing that is known", (_, message, status) => {
		expect(fault(message, status)).toMatchObject({
			kind: "unavailable",
			reason: expect.stringContaining("does not document this answer"),
		});
	});

	it("is of no event where the destination does not say what the event fills", () => {
		const answer = { ...ANSWER, status: 400, message: "The 'undefined' parameter is wrong" };
		const to = { id: "a/b/7#" };
		expect(classifyResponse(answer, { permission: "Queue builds", to }, NOW).kind).toBe("unavailable");
	});
});

describe("the pause that Azure DevOps asks for", () => {
	it.each<[string, Readonly<Record<string, string>>, number | undefined]>([
		["nothing", {}, undefined],
		["a delay", { "x-ratelimit-delay": " 2.5 " }, 2_500],
		["a short delay", { "x-ratelimit-delay": "0.1" }, 1_000],
		["a long delay", { "x-ratelimit-delay": "31" }, 30_000],
		["no delay", { "x-ratelimit-delay": "0" }, undefined],
		["a delay with more before it", { "x-ratelimit-delay": "x2" }, undefined],
		["a delay with more behind it", { "x-ratelimit-delay": "2s" }, undefined],
		["a time to come again, and a delay", { "retry-after": "7", "x-ratelimit-delay": "2" }, 7_000],
	])("with %s", (_, headers, expected) => {
		expect(pauseMs(headers, NOW)).toBe(expected);
	});
});
