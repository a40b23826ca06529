import { describe, expect, it } from "@jest/globals";
import { answerEventGridWebhook, type RunEvent, type WebhookCall } from "../../src/local/event-grid-extension.ts";
import { asCloudEvent, exampleOf, inEventGridSchema } from "../../support/example-events.ts";

const EVENT = inEventGridSchema(exampleOf("RunCompleted"));
const nothing: RunEvent = async () => {};

/** A call of the extension's webhook; a notification unless `more` says otherwise. */
function webhook(more: Partial<WebhookCall> & { readonly event?: unknown }, run: RunEvent = nothing) {
	const { event = [EVENT], ...rest } = more;
	const headers = { "aeg-event-type": "Notification" };
	return answerEventGridWebhook(
		{ method: "POST", functionName: "eventGrid", headers, body: JSON.stringify(event), ...rest },
		run,
	);
}

describe("the Event Grid extension's webhook", () => {
	it("answers 404 for a function that is not there, whatever is asked", async () => {
		const called = { method: "POST", functionName: "nobody", headers: {}, body: "[]" };
		const answer = await answerEventGridWebhook(called, undefined);
		expect(answer).toEqual({ status: 404, body: "cannot find function: 'nobody'" });
	});

	it.each([
		["an array with one event", [EVENT], [EVENT]],
		["an array of several", [EVENT, { id: "2" }], [EVENT, { id: "2" }]],
		["a bare CloudEvent", asCloudEvent(exampleOf("RunCompleted")), [asCloudEvent(exampleOf("RunCompleted"))]],
		["an empty array", [], []],
	])("hands over each event of %s, and answers 202", async (_, event, expected) => {
		const events: unknown[] = [];
		const answer = await webhook({ event }, async (one) => void events.push(one));
		expect(answer.status).toBe(202);
		expect(events).toEqual(expected);
	});

	it("runs the events of a batch at the same time", async () => {
		let [running, most] = [0, 0];
		await webhook({ event: [{ id: "1" }, { id: "2" }, { id: "3" }] }, async () => {
			running += 1;
			most = Math.max(most, running);
			await new Promise(setImmediate);
			running -= 1;
		});
		expect(most).toBe(3);
	});

	it("answers 500 for all events when one fails, but runs the others to their end", async () => {
		const ended: unknown[] = [];
		const [bad, good] = [{ id: "bad" }, { id: "good" }];
		const answer = await webhook({ event: [bad, good] }, async (event) => {
			if ((event as typeof bad).id === "bad") throw new Error("no");
			await new Promise(setImmediate);
			ended.push(event);
		});
		expect(answer).toEqual({ status: 500, body: "Exception while executing function: eventGrid" });
		expect(ended).toEqual([good]);
	});

	// As the extension itself does, version 3.3.0.
	it.each(["null", "1", '"text"', "true", "", "[{", '{"a":1}{"b":2}', "[null]", "[1]", "[[1]]"])(
		"answers 500 without a word to a notification that holds no event: %j",
		async (body) => {
			const events: unknown[] = [];
			expect(await webhook({ body }, async (event) => void events.push(event))).toEqual({ status: 500 });
			expect(events).toEqual([]);
		},
	);

	it("answers 500 to a batch in which something is no event, but runs what stands before it", async () => {
		const events: unknown[] = [];
		const event = [{ id: "1" }, null, { id: "3" }];
		expect(await webhook({ event }, async (one) => void events.push(one))).toEqual({ status: 500 });
		expect(events).toEqual([{ id: "1" }]);
	});

	const validation = { data: { validationCode: "512d38b6", validationUrl: "https://rp-eastus2.eventgrid.azure.net" } };
	it.each([
		["in the Event Grid schema", [validation]],
		["as a CloudEvent", validation],
		["as a CloudEvent whose data is a text", { data: JSON.stringify(validation.data) }],
	])("answers the handshake itself, %s", async (_, event) => {
		const headers = { "aeg-event-type": "SubscriptionValidation" };
		const never: RunEvent = async () => {
			throw new Error("a handshake is none of the function's business");
		};
		const answer = await webhook({ event, headers }, never);
		expect(answer.status).toBe(200);
		expect(JSON.parse(answer.body ?? "")).toEqual({ validationResponse: "512d38b6" });
	});

	const handshake = (body: string) => webhook({ body, headers: { "aeg-event-type": "SubscriptionValidation" } });

	// As the extension itself does, version 3.3.0.
	it.each([
		["null", '[{"data":{"validationCode":null}}]', ""],
		["empty", '[{"data":{"validationCode":""}}]', ""],
		["a number", '[{"data":{"validationCode":7}}]', "7"],
		["the first of two", '[{"data":{"validationCode":"a"}},{"data":{"validationCode":"b"}}]', "a"],
	])("answers a code that is %s", async (_, body, validationResponse) => {
		expect(await handshake(body)).toEqual({ status: 200, body: JSON.stringify({ validationResponse }) });
	});

	it.each(
		[
			["null", "1", '"text"', "", "[{", "[]", "{}", "[{}]", "[null]", "[1]"],
			['[{"data":null}]', '[{"data":{}}]', '[{"data":[]}]', '[{"data":{"ValidationCode":"a"}}]'],
			['[{"Data":{"validationCode":"a"}}]', '{"data":"{}"}', '{"data":"junk"}', '{"data":"null"}'],
		].flat(),
	)("refuses a handshake without a code with 500: %j", async (body) => {
		expect(await handshake(body)).toEqual({ status: 500 });
	});

	it("answers CloudEvents' handshake with the origin that asks", async () => {
		const headers = { "webhook-request-origin": "eventgrid.azure.us" };
		const answer = await webhook({ method: "OPTIONS", headers });
		expect(answer).toEqual({ status: 200, headers: { "Webhook-Allowed-Origin": "eventgrid.azure.us" } });
	});

	it("answers an OPTIONS that names no origin with Event Grid's public one", async () => {
		const answer = await webhook({ method: "OPTIONS", headers: {} });
		expect(answer.headers).toEqual({ "Webhook-Allowed-Origin": "eventgrid.azure.net" });
	});

	it("allows Event Grid alone, whatever origin asks", async () => {
		const answer = await webhook({ method: "OPTIONS", headers: { "webhook-request-origin": "evil.example" } });
		expect(answer.headers).toEqual({ "Webhook-Allowed-Origin": "eventgrid.azure.net" });
	});

	it.each(["notification", "NOTIFICATION"])("reads aeg-event-type without regard to case: %s", async (kind) => {
		expect((await webhook({ headers: { "aeg-event-type": kind } })).status).toBe(202);
	});

	it("acknowledges the end of a subscription", async () => {
		expect((await webhook({ headers: { "aeg-event-type": "Unsubscribe" } })).status).toBe(202);
	});

	it.each([
		["no aeg-event-type", {}],
		["the end of a subscription by another name", { "aeg-event-type": "SubscriptionDeletion" }],
		["an aeg-event-type that it does not know", { "aeg-event-type": "Other" }],
	])("answers 400 to %s", async (_, headers) => {
		expect((await webhook({ headers })).status).toBe(400);
	});

	it.each(["GET", "PUT", "DELETE"])("goes by aeg-event-type, not by the method %s", async (method) => {
		expect((await webhook({ method })).status).toBe(202);
		expect((await webhook({ method, headers: {} })).status).toBe(400);
	});
});
