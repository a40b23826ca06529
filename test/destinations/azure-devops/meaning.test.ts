import { describe, expect, it } from "@jest/globals";
import { pipelineRun } from "../../../support/destinations.ts";
import { clientOf } from "./client.ts";

const NOW = Date.parse("2026-05-26T12:00:00Z");
const TO = pipelineRun("contoso/ml", 7);
const RUN = { id: 31, state: "inProgress" };
const HTML = { "content-type": "text/html" };
const SIGN_IN = "https://spsprodweu1.vssps.visualstudio.com/_signin?realm=dev.azure.com";

/** What a start that is answered so means. A body that is no text is sent as JSON. */
async function meaningOf(status: number, body: unknown, headers: Record<string, string> = {}, to = TO) {
	const text = typeof body === "string" ? body : JSON.stringify(body);
	const fetch = async () => new Response(text === "" ? null : text, { status, headers });
	return (await clientOf("https://dev.azure.com", { fetch, now: () => NOW }).send(to, "{}")).classification;
}

describe("a refusal of Azure DevOps", () => {
	const NO_BRANCH = "the pipeline's repository has no such branch; correct ref in the route";
	const BAD_YAML =
		"Azure DevOps refuses the pipeline's YAML or its parameters; repair the pipeline, or the route's parameters";
	const NO_PIPELINE = "there is no pipeline 7 in the project, or the identity cannot see it";
	const NO_PROJECT =
		"there is no such project, or the identity cannot see it; check the route, and add the identity to the project";
	const MAY_NOT =
		'the identity may not: allow it "Queue builds" on the pipeline (its page, Security), or check the token\'s scope';
	const UNKNOWN = "Azure DevOps does not document this answer; the bridge tries again later";
	const DECLARE = "declare x in the pipeline's parameters, or remove it from the route's";
	const GIVE = "give x a value in the route's parameters, or a default in the pipeline";
	const CORRECT = "correct x in the route's parameters";
	const NOT_ACCEPTED = "the parameter does not accept the event's value, or the event has none";

	const branch = "Could not get the latest source version using ref refs/heads/x.";
	const invalid = "PipelineValidationException";
	const gone = "DefinitionNotFoundException";

	it.each<[number, unknown, string]>([
		[400, { message: branch }, NO_BRANCH],
		[404, { message: branch }, NO_PROJECT],
		[409, { message: branch }, UNKNOWN],
		[400, { message: "/ci.yml: bad", typeKey: invalid }, BAD_YAML],
		[409, { typeKey: invalid }, UNKNOWN],
		[400, { typeKey: [invalid] }, UNKNOWN],
		[400, { typeKey: 7, message: { a: 1 } }, UNKNOWN],
		[400, {}, UNKNOWN],
		[400, [], UNKNOWN],
		[300, RUN, UNKNOWN],
		[404, { typeKey: gone }, NO_PIPELINE],
		[404, { message: "TF215016: it does not exist." }, NO_PIPELINE],
		[404, {}, NO_PROJECT],
		[410, { typeKey: gone, message: "TF215016: it does not exist." }, UNKNOWN],
		[403, { message: "TF215016", typeKey: gone }, MAY_NOT],
		[400, { message: "Unexpected parameter 'x'", typeKey: invalid }, DECLARE],
		[400, { message: "/ci.yml: unexpected parameter 'x'. Its value is 'y'." }, DECLARE],
		[403, { message: "Unexpected parameter 'x'" }, MAY_NOT],
		[400, { message: "A value for the 'x' parameter must be provided." }, GIVE],
		[400, { message: "A value for the 'x' parameter is wrong." }, CORRECT],
		[400, { message: "The 'x' parameter value 'y' is not a valid Number." }, CORRECT],
		[400, { message: "Bathe 'x' parameter" }, UNKNOWN],
		[400, { message: "The 'x' parameters" }, UNKNOWN],
		[400, { message: "The 'x' step: a value for the 'y' parameter must be provided" }, UNKNOWN],
		[400, { message: "'x': unexpected parameter 'y'" }, UNKNOWN],
		[400, { message: "Unexpected parameter ''" }, UNKNOWN],
	])("is shown in its own words, with its cause and repair: %i %j", async (status, body, means) => {
		const { message } = body as { message?: unknown };
		const words = typeof message === "string" ? ` (${message})` : "";
		expect(await meaningOf(status, body)).toEqual({
			kind: "unavailable",
			reason: `Azure DevOps answered ${status}${words}: ${means}`,
		});
	});

	it.each([
		["The 'env' parameter is wrong.", "permanent", NOT_ACCEPTED],
		["A value for the 'ENV' parameter must be provided.", "permanent", NOT_ACCEPTED],
		["The 'run' parameter is wrong.", "unavailable", "correct run in the route's parameters"],
		["Unexpected parameter 'env'", "unavailable", DECLARE.replace("x", "env")],
	])(
		"is of the event only where the event fills the parameter, and its name is right: %s",
		async (message, kind, means) => {
			const to = { ...TO, fromEvent: ["other", "env"] };
			const reason = `Azure DevOps answered 400 (${message}): ${means}`;
			expect(await meaningOf(400, { message }, {}, to)).toEqual({ kind, reason });
		},
	);

	it("names a parameter of any length, within a reason", async () => {
		const { reason } = (await meaningOf(400, { message: `Unexpected parameter '${"x".repeat(200)}'` })) as {
			reason: string;
		};
		expect(reason).toMatch(/: declare x{50,60}… in the pipeline's parameters, or remove it from the route's$/);
	});
});

describe("an answer of Azure DevOps", () => {
	const TOKEN =
		"the token is wrong, revoked or expired, or its identity is not in the organization; replace it with a valid one";
	const NO_BODY = "the answer has no body, so it is not known whether Azure DevOps took the request";
	const NOT_API = "which is not an answer of its API: check AZURE_DEVOPS_URL, the route's organization, and proxies";

	it.each<[number, unknown, Record<string, string>, string, string]>([
		[401, { message: "TF400813" }, {}, "unauthorized", `answered 401 (TF400813): ${TOKEN}`],
		[203, "", {}, "unauthorized", `answered 203: its sign-in page: ${TOKEN}`],
		[413, {}, {}, "permanent", "answered 413: this request can never succeed"],
		[413, "<html/>", HTML, "permanent", "answered 413: this request can never succeed"],
		[200, "", {}, "uncertain", `answered 200: ${NO_BODY}`],
		[200, " \r\n", {}, "uncertain", `answered 200: ${NO_BODY}`],
		[204, "", {}, "uncertain", `answered 204: ${NO_BODY}`],
		[404, "<html/>", HTML, "unavailable", `answered 404 as text/html, ${NOT_API}`],
		[404, "", {}, "unavailable", `answered 404, ${NOT_API}`],
		[302, "", { location: "/hotel" }, "unavailable", `answered 302 to /hotel, ${NOT_API}`],
		[503, "<html/>", HTML, "uncertain", "answered 503: server error at Azure DevOps"],
	])("has a reason that says no more than is known: %i %j %j", async (status, body, headers, kind, reason) => {
		expect(await meaningOf(status, body, headers)).toEqual({ kind, reason: `Azure DevOps ${reason}` });
	});

	it.each<[number, unknown, Record<string, string>, number]>([
		[429, {}, {}, 60_000],
		[429, "<html/>", HTML, 60_000],
		[429, {}, { "retry-after": "7" }, 7_000],
		[429, {}, { "retry-after": "soon", "x-ratelimit-delay": "2.5" }, 2_500],
		[429, {}, { "retry-after": "-1", "x-ratelimit-delay": "Wed" }, 60_000],
		[400, { message: "TF400733: The request has been canceled" }, {}, 60_000],
		[403, { message: "Exceeding usage of resource 'Concurrency'" }, { "retry-after": "7" }, 7_000],
		[503, { message: "TF400733: The request has been canceled" }, {}, 60_000],
	])("asks to slow down, whatever its status is: %i %j %j", async (status, body, headers, pause) => {
		const { message } = body as { message?: string };
		const words = message === undefined ? `${status}` : `${status}: ${message}`;
		const until = NOW + pause;
		expect(await meaningOf(status, body, headers)).toEqual({
			kind: "rate-limited",
			until,
			named: pause !== 60_000,
			reason: `Azure DevOps asks to slow down (${words})`,
		});
	});

	it.each<[number, unknown, Record<string, string>, string]>([
		[300, "", { location: SIGN_IN }, "unauthorized"],
		[308, RUN, { location: "https://login.example/" }, "unauthorized"],
		[302, "", { location: "https://app.vssps.visualstudio.com/oauth/authorize" }, "unauthorized"],
		[302, "", { location: "https://app.vssps.visualstudio.com/oauth2/authorize" }, "unauthorized"],
		[302, "", { location: "/contoso/ml/oauthority" }, "unavailable"],
		[201, RUN, { location: SIGN_IN }, "taken"],
		[400, {}, { location: SIGN_IN }, "unavailable"],
		[500, {}, { location: SIGN_IN }, "uncertain"],
		[200, "\n\t<html>Sign in</html>", HTML, "unauthorized"],
		[299, "<html>Signin", HTML, "unauthorized"],
		[200, "<html>SIGN-IN", {}, "unauthorized"],
		[300, "<html>Sign in</html>", HTML, "unavailable"],
		[404, "<html>Sign in</html>", HTML, "unavailable"],
		[500, "<html>Sign in</html>", HTML, "uncertain"],
		[200, "No <html>: Sign in", {}, "unavailable"],
		[200, { ...RUN, name: "<a> sign in" }, {}, "taken"],
	])("speaks of the token only as a way to sign in: %i %j %j is %s", async (status, body, headers, kind) => {
		expect(await meaningOf(status, body, headers)).toMatchObject({ kind });
	});

	it.each([
		['\r\n {"id":31}', "taken"],
		["\n[]", "taken"],
		["OK {}", "unavailable"],
		["OK{}", "unavailable"],
		['{"message":"TF400733: a success is one, whatever it says"}', "taken"],
		['{"id":31', "taken"],
		["null", "unavailable"],
		["31", "unavailable"],
	])("is a success of the API where it begins as JSON: %j is %s", async (body, kind) => {
		expect(await meaningOf(200, body)).toMatchObject({ kind });
	});
});
