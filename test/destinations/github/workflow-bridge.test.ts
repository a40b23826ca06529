import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Service } from "../../../src/destinations/destination.ts";
import { github } from "../../../src/destinations/github/service.ts";
import type { Answer } from "../../../src/model.ts";
import { postJson } from "../../../support/call.ts";
import { exampleOf, inEventGridSchema } from "../../../support/example-events.ts";
import { type BridgeFixture, startFixture } from "../../helpers/bridge-fixture.ts";
import { newNames } from "../../helpers/file-storage.ts";
import { logLines } from "../../helpers/log-lines.ts";

/** `WORKFLOW_DISPATCHES=1000` tries the full size. */
const COUNT = Number(process.env["WORKFLOW_DISPATCHES"] ?? 200);
const AT_ONCE = 25;
/** What one of them takes at most, on a busy machine. */
const EVENT_MS = 250;

const inputs = { bridge_key: "bridge.key", experiment: "data.experimentName", run: "data.runId" };
const TO = { repository: "contoso/fraud-model", workflow: "train.yml", ref: "main", inputs };
const ROUTES = { routes: [{ name: "train", to: TO }] };
const event = (at: number) => ({ ...inEventGridSchema(exampleOf("RunCompleted")), id: `event-${at}` });

let fixture: BridgeFixture;
beforeEach(async () => {
	fixture = await startFixture();
});
afterEach(() => fixture.github.close());

/** GitHub, and what its client answers. */
function recorded(): { service: Service; answers: Answer[] } {
	const answers: Answer[] = [];
	const service: Service = {
		...github,
		configure(settings, routes) {
			const configured = github.configure(settings, routes);
			return {
				...configured,
				open(options) {
					const client = configured.open(options);
					return {
						...client,
						async send(to, body) {
							const answer = await client.send(to, body);
							answers.push(answer);
							return answer;
						},
					};
				},
			};
		},
	};
	return { service, answers };
}

describe("workflow dispatches through a bridge", () => {
	it(
		`are answered with their runs, each with its own: ${COUNT} of ${COUNT}, and none when the events come twice`,
		async () => {
			const { service, answers } = recorded();
			const { log } = logLines();
			const bridge = fixture.bridge({ BRIDGE_ROUTES: JSON.stringify(ROUTES) }, {}, newNames(), [service]);
			const send = async (outcome: string) => {
				for (let from = 0; from < COUNT; from += AT_ONCE) {
					const some = Array.from({ length: Math.min(AT_ONCE, COUNT - from) }, (_, at) => event(from + at));
					const results = await bridge.accept(some, { log });
					expect(new Set(results.map((result) => result.outcome))).toEqual(new Set([outcome]));
				}
			};
			await send("dispatched");
			expect(answers.filter(({ run }) => run?.certain === true && run.url !== null)).toHaveLength(COUNT);
			const ids = (runs: readonly { readonly id?: unknown }[]) => runs.map(({ id }) => String(id)).sort();
			expect(ids(answers.map(({ run }) => ({ id: run?.id })))).toEqual(ids(fixture.github.runs()));
			expect(new Set(fixture.github.runs().map(({ id }) => id)).size).toBe(COUNT);
			await send("duplicate");
			expect(fixture.github.received).toHaveLength(COUNT);
		},
		30_000 + COUNT * EVENT_MS,
	);

	it("carry the event's values, of which too many characters are a reference in a blob", async () => {
		const { log } = logLines();
		const to = { ...TO, inputs: { ...inputs, data: "data" } };
		const bridge = fixture.bridge({ BRIDGE_ROUTES: JSON.stringify({ routes: [{ to }] }) });
		const small = inEventGridSchema(exampleOf("RunCompleted"));
		const data = small.data as Record<string, unknown>;
		const large = { ...small, id: "large", data: { ...data, padding: "x".repeat(70_000) } };
		const results = await bridge.accept([small, large], { log });
		expect(results.map(({ outcome }) => outcome)).toEqual(["dispatched", "dispatched"]);
		const [first, second] = fixture.github.received.map((received) => (received as { inputs?: object }).inputs);
		expect(first).toMatchObject({ bridge_key: results[0]?.key, experiment: data["experimentName"] });
		expect(second).toMatchObject({ run: data["runId"], data: expect.stringContaining('"sha256"') });
	});

	it("that a workflow does not take wait for its repair, and do not block another workflow of the same repository", async () => {
		const { log } = logLines();
		const file = (on: string) => ({
			repository: "contoso/fraud-model",
			workflows: { "train.yml": on, "other.yml": "on: workflow_dispatch" },
		});
		await postJson(`${fixture.github.url}/_repository`, file("on: push"));
		const to = { repository: "contoso/fraud-model", ref: "main" };
		const routes = [
			{ name: "train", to: { ...to, workflow: "train.yml" } },
			{ name: "other", to: { ...to, workflow: "other.yml" } },
		];
		const bridge = fixture.bridge({ BRIDGE_ROUTES: JSON.stringify({ routes }) });
		const results = await bridge.accept([event(1)], { log });
		expect(results.map(({ route, outcome }) => [route, outcome])).toEqual([
			["train", "accepted"],
			["other", "dispatched"],
		]);
		expect(results[0]?.reason).toMatch(/on: workflow_dispatch/);
		const { receipts } = await bridge.receipts({ limit: 10 });
		expect(receipts.find(({ route }) => route === "train")).toMatchObject({ state: "parked" });
	});
});
