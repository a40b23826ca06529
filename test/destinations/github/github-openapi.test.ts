import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createAppAuth } from "@octokit/auth-app";
import { buildDispatch, LIMITS, resolveDispatch } from "../../../src/destinations/github/repository-dispatch.ts";
import { buildWorkflow, resolveWorkflow, WORKFLOW_LIMITS } from "../../../src/destinations/github/workflow-dispatch.ts";
import { type GitHubStandIn, startGitHubStandIn } from "../../../src/local/github-stand-in.ts";
import { type Called, call, postJson } from "../../../support/call.ts";
import { asBridgeEvent, EXAMPLE_EVENTS, exampleOf } from "../../../support/example-events.ts";
import { bodyObjections, objections, operation } from "../../helpers/github-openapi.ts";
import { clientOf, TO } from "./client.ts";

const PATH = "/repos/{owner}/{repo}/dispatches";
const TOKEN = "a-token";
const CALLER = { "user-agent": "a-test", authorization: `Bearer ${TOKEN}` };
const facts = { version: "1.2.3", route: "default", key: "0123456789abcdef" };

const DISPATCH = operation(PATH, "post");
const fits = (body: unknown) => bodyObjections(DISPATCH, body).length === 0;

/** Holds an answer against the responses that an operation documents: of a dispatch, unless another one is given. */
function expectDocumented(answer: Called, documented = DISPATCH): void {
	expect(objections(documented, answer)).toEqual([]);
}

/** The body that is sent for an event. */
function bodyFor(event: ReturnType<typeof asBridgeEvent>): string {
	const to = resolveDispatch({ repository: "contoso/fraud-model" }, event.type);
	const built = buildDispatch(to, event, facts);
	if (!built.ok) throw new Error(built.reason);
	return built.body;
}

/** An event whose body is exactly that long. */
function bodyOf(bytes: number): string {
	const filled = (length: number) =>
		asBridgeEvent({ ...exampleOf("RunCompleted"), data: { fill: "x".repeat(length) } });
	return bodyFor(filled(bytes - Buffer.byteLength(bodyFor(filled(0)))));
}

describe("GitHub's published description of a repository dispatch", () => {
	it("documents exactly the answers that the bridge counts on", () => {
		expect(Object.keys(DISPATCH.responses)).toEqual(["204", "404", "422"]);
	});

	describe("and the requests that the bridge sends", () => {
		let github: GitHubStandIn;

		beforeAll(async () => {
			github = await startGitHubStandIn();
		});
		afterAll(() => github.close());

		it.each(EXAMPLE_EVENTS.map((event) => [event.type, event] as const))("fits the body for %s", (_, event) => {
			expect(bodyObjections(DISPATCH, JSON.parse(bodyFor(asBridgeEvent(event))))).toEqual([]);
		});

		it("fits the body of an event with every optional member", () => {
			const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
			const body = JSON.parse(bodyFor(asBridgeEvent(exampleOf("BlobCreated"), { traceparent })));
			expect(bodyObjections(DISPATCH, body)).toEqual([]);
			expect(Object.keys(body.client_payload).length).toBeLessThanOrEqual(10);
		});

		it("fits the body of a workflow dispatch with a ref and inputs", () => {
			const inputs = {
				run: "data.runId",
				key: "bridge.key",
				fast: { value: true },
				epochs: { value: 3 },
				tags: "data.runTags",
			};
			const to = resolveWorkflow({ repository: "contoso/fraud-model", workflow: "train.yml", ref: "main", inputs });
			const built = buildWorkflow(to, asBridgeEvent(exampleOf("RunCompleted")), facts, WORKFLOW_LIMITS.inputs);
			if (!built.ok) throw new Error(built.reason);
			const documented = operation("/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches", "post");
			expect(bodyObjections(documented, JSON.parse(built.body))).toEqual([]);
			expect(bodyObjections(documented, {})).not.toEqual([]);
		});

		it("fits the largest body that the bridge sends, which the stand-in takes", async () => {
			const body = bodyOf(LIMITS.bodyBytes - 1);
			expect(Buffer.byteLength(body)).toBe(LIMITS.bodyBytes - 1);
			expect(bodyObjections(DISPATCH, JSON.parse(body))).toEqual([]);
			const url = `${github.url}/repos/contoso/fraud-model/dispatches`;
			expectDocumented(await postJson(url, JSON.parse(body), CALLER));
			expect(github.received).toHaveLength(1);
		});

		it("fits method, path, parameters and media type, by the real client over real HTTP", async () => {
			const client = clientOf(github.url, { version: "1.2.3" });
			const body = bodyFor(asBridgeEvent(exampleOf("ModelRegistered")));
			expect(await client.send(TO, body)).toMatchObject({ status: 204 });

			const given: Readonly<Record<string, string>> = { owner: "contoso", repo: "fraud-model" };
			const path = PATH.replaceAll(/\{(\w+)\}/g, (_, name: string) => given[name] ?? "");
			expect(github.calls.at(-1)).toMatchObject({ path, token: TOKEN, status: 204 });
			const required = DISPATCH.parameters.filter((parameter) => parameter.required === true);
			expect(required).toMatchObject([
				{ name: "owner", in: "path" },
				{ name: "repo", in: "path" },
			]);

			const received = github.received.at(-1);
			const mediaType = String(received?.headers["content-type"]).split(";")[0] ?? "";
			expect(Object.keys(DISPATCH.requestBody?.content ?? {})).toContain(mediaType);
			expect(received?.headers).toMatchObject({
				accept: "application/vnd.github+json",
				"x-github-api-version": "2022-11-28",
				"user-agent": "grid-dispatch/1.2.3",
			});
		});
	});

	describe("and the stand-in's answers", () => {
		let github: GitHubStandIn;
		const url = () => `${github.url}/repos/contoso/fraud-model/dispatches`;

		beforeAll(async () => {
			github = await startGitHubStandIn({ repositories: ["contoso/fraud-model"] });
		});
		afterAll(() => github.close());

		it("documents the answer to a dispatch that was taken", async () => {
			const answer = await postJson(url(), { event_type: "storage-blobcreated" }, CALLER);
			expect(answer.status).toBe(204);
			expectDocumented(answer);
		});

		it("documents the answer where there is no repository", async () => {
			const elsewhere = `${github.url}/repos/contoso/elsewhere/dispatches`;
			const answer = await postJson(elsewhere, { event_type: "storage-blobcreated" }, CALLER);
			expect(answer.status).toBe(404);
			expectDocumented(answer);
		});

		const ten = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`key${index}`, index]));
		it.each([
			["no event type", {}, false],
			["an event type that is no text", { event_type: 7 }, false],
			["an empty event type", { event_type: "" }, false],
			["an event type of one character", { event_type: "a" }, true],
			["an event type of 100 characters", { event_type: "a".repeat(100) }, true],
			["an event type of 101 characters", { event_type: "a".repeat(101) }, false],
			["a payload without keys", { event_type: "a", client_payload: {} }, true],
			["a payload of ten keys", { event_type: "a", client_payload: ten }, true],
			["a payload of eleven keys", { event_type: "a", client_payload: { ...ten, eleventh: 1 } }, false],
			["a payload that is an array", { event_type: "a", client_payload: [] }, false],
			["a payload that is a text", { event_type: "a", client_payload: "text" }, false],
			["a payload that is null", { event_type: "a", client_payload: null }, false],
			["a member that is not documented", { event_type: "a", more: 1 }, true],
		])("agree with the description about %s", async (_, body, isTaken) => {
			expect(fits(body)).toBe(isTaken);
			const answer = await postJson(url(), body, CALLER);
			expect(answer.status).toBe(isTaken ? 204 : 422);
			expectDocumented(answer);
		});

		it("documents the answer to a body of 64 KB, which only the description's words forbid", async () => {
			const body = { event_type: "a", client_payload: { fill: "x".repeat(64 * 1024) } };
			expect(fits(body)).toBe(true);
			const answer = await postJson(url(), body, CALLER);
			expect(answer.status).toBe(422);
			expectDocumented(answer);
		});
	});

	describe("and the stand-in's answers to who has a token, or wants one", () => {
		const { privateKey, publicKey } = generateKeyPairSync("rsa", {
			modulusLength: 2048,
			privateKeyEncoding: { type: "pkcs8", format: "pem" },
			publicKeyEncoding: { type: "spki", format: "pem" },
		});
		const lookUp = operation("/repos/{owner}/{repo}/installation", "get");
		const create = operation("/app/installations/{installation_id}/access_tokens", "post");
		const limits = operation("/rate_limit", "get");
		let github: GitHubStandIn;
		let headers: Readonly<Record<string, string>>;

		beforeAll(async () => {
			github = await startGitHubStandIn({ app: { id: "7", key: publicKey, owners: ["contoso"] } });
			const { token } = await createAppAuth({ appId: "7", privateKey })({ type: "app" });
			headers = { ...CALLER, authorization: `Bearer ${token}` };
		});
		afterAll(() => github.close());

		const ask = (path: string, method = "GET") => call(`${github.url}${path}`, { method, headers });

		it("documents the limits", async () => {
			const answer = await call(`${github.url}/rate_limit`, { headers: CALLER });
			expect(answer.status).toBe(200);
			expectDocumented(answer, limits);
		});

		it.each([false, true])("documents an installation, and its token, suspended: %j", async (isSuspended) => {
			github.suspendInstallations(isSuspended ? ["contoso"] : []);
			const found = await ask("/repos/contoso/fraud-model/installation");
			expect(found.status).toBe(200);
			expectDocumented(found, lookUp);
			const { id, suspended_at } = found.json() as { id: number; suspended_at: unknown };
			expect(suspended_at !== null).toBe(isSuspended);
			const created = await ask(`/app/installations/${id}/access_tokens`, "POST");
			expect(created.status).toBe(isSuspended ? 403 : 201);
			expectDocumented(created, create);
		});

		it("documents that the app is not installed", async () => {
			const missing = await ask("/repos/fabrikam/churn/installation");
			expect(missing.status).toBe(404);
			expectDocumented(missing, lookUp);
			expectDocumented(await ask("/app/installations/1/access_tokens", "POST"), create);
		});
	});
});
