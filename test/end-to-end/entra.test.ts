import { createConnection } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { call, postJson } from "../../support/call.ts";
import { eventually } from "../../support/eventually.ts";
import { asCloudEvent, exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { freePorts } from "../../support/free-ports.ts";
import { APPLICATION, type EntraStandIn, STRANGER, startEntra, TENANT } from "../helpers/entra-stand-in.ts";
import { GENUINE, key, REFUSED, v1 } from "../helpers/entra-tokens.ts";
import { runCliProcess } from "../helpers/run-cli.ts";
import { type RunningStart, startOn } from "../helpers/run-start.ts";

const event = inEventGridSchema(exampleOf("RunCompleted"));

describe("the webhook that Microsoft Entra protects, over HTTP", () => {
	let entra: EntraStandIn;
	let port: number;
	let bridge: RunningStart;
	let url: string;

	beforeAll(async () => {
		entra = await startEntra(key);
		port = await freePorts();
		const settings = { ENTRA_TENANT_ID: TENANT, ENTRA_AUDIENCE: APPLICATION, ENTRA_AUTHORITY: entra.url };
		bridge = await startOn(port, { env: { ...settings, GITHUB_PACE: "1000/s" } });
		url = `http://127.0.0.1:${port}/api/events`;
	});
	beforeEach(() => entra.answer(undefined));
	afterAll(async () => {
		await bridge?.stop();
		await entra?.close();
	});

	let sent = 0;
	const post = (authorization?: string, to = url) => {
		sent += 1;
		const headers = authorization === undefined ? undefined : { authorization };
		return postJson(to, [{ ...event, id: `entra-${sent}` }], headers);
	};
	const received = async () => (await call(`http://127.0.0.1:${port + 1}/_received`)).json() as unknown[];

	it.each(GENUINE)("takes a token of %s", async (_, token) => {
		const answer = await post(`Bearer ${token(entra.url)}`);
		expect(answer.json()).toMatchObject({ events: [{ outcome: expect.stringMatching(/dispatched|accepted/) }] });
		expect([200, 202]).toContain(answer.status);
	});

	it.each(REFUSED)("answers 401 to %s, and takes nothing", async (_, authorization, reason) => {
		const before = (await received()).length;
		const value = authorization(entra.url);
		const answer = await post(value);
		expect(answer.status).toBe(401);
		const { error, ...others } = answer.json() as { error: string };
		expect(error).toMatch(reason);
		expect(others).toEqual({});
		expect(answer.headers["www-authenticate"]).toBe(value === undefined ? "Bearer" : 'Bearer error="invalid_token"');
		expect(answer.text).not.toMatch(/eyJ|BEGIN/);
		// A neighbour comes in all the same.
		expect([200, 202]).toContain((await post(`Bearer ${v1()}`)).status);
		expect((await received()).length).toBeLessThanOrEqual(before + 1);
	});

	it("answers 401 to the header twice, whichever of the two is sound", async () => {
		for (const [one, other] of [
			[v1(), v1({ aud: STRANGER })],
			[v1({ aud: STRANGER }), v1()],
		]) {
			const text = JSON.stringify([event]);
			const lines = [
				"POST /api/events HTTP/1.1",
				`Host: 127.0.0.1:${port}`,
				`Authorization: Bearer ${one}`,
				`Authorization: Bearer ${other}`,
				`Content-Length: ${Buffer.byteLength(text)}`,
				"Connection: close",
			];
			expect(await exchange(port, `${lines.join("\r\n")}\r\n\r\n${text}`)).toMatch(/^HTTP\/1\.1 401 /);
		}
	});

	it("guards the predecessor's route as well", async () => {
		const other = `http://127.0.0.1:${port}/api/generic_triggers`;
		expect((await post(undefined, other)).status).toBe(401);
		expect([200, 202]).toContain((await post(`Bearer ${v1()}`, other)).status);
	});

	it("guards the handshake of the Event Grid schema, since Event Grid sends its token with every message", async () => {
		const validation = {
			id: "1",
			topic: "/subscriptions/contoso",
			subject: "",
			eventType: "Microsoft.EventGrid.SubscriptionValidationEvent",
			eventTime: "2026-01-25T22:12:19Z",
			data: { validationCode: "512d38b6" },
			dataVersion: "1",
			metadataVersion: "1",
		};
		const kind = { "aeg-event-type": "SubscriptionValidation" };
		const refused = await postJson(url, [validation], kind);
		expect(refused.status).toBe(401);
		expect(refused.text).not.toContain("512d38b6");
		const answer = await postJson(url, [validation], { ...kind, authorization: `Bearer ${v1()}` });
		expect({ status: answer.status, json: answer.json() }).toEqual({
			status: 200,
			json: { validationResponse: "512d38b6" },
		});
	});

	it("answers the handshake of CloudEvents without a token, and looks at one that it has", async () => {
		const ask = (headers: Record<string, string>) =>
			call(url, { method: "OPTIONS", headers: { "webhook-request-origin": "eventgrid.azure.net", ...headers } });
		const allowed = { status: 200, headers: { "webhook-allowed-origin": "eventgrid.azure.net" } };
		expect(await ask({})).toMatchObject(allowed);
		expect(await ask({ authorization: `Bearer ${v1()}` })).toMatchObject(allowed);
		const refused = await ask({ authorization: `Bearer ${v1({ aud: STRANGER })}` });
		expect(refused.status).toBe(401);
		expect(refused.headers).not.toHaveProperty("webhook-allowed-origin");
		// The consent opens nothing: the event itself needs a token.
		const cloudEvent = asCloudEvent(exampleOf("RunCompleted"));
		expect((await postJson(url, cloudEvent, { "webhook-request-origin": "eventgrid.azure.net" })).status).toBe(401);
	});

	it("leaves the other functions as they are", async () => {
		expect((await call(`http://127.0.0.1:${port}/api/health`)).json()).toMatchObject({
			status: "healthy",
			problems: [],
		});
		expect((await call(`http://127.0.0.1:${port}/api/receipts`)).status).toBe(200);
		const trigger = `http://127.0.0.1:${port}/runtime/webhooks/eventgrid?functionName=eventGrid`;
		expect((await postJson(trigger, [event], { "aeg-event-type": "Notification" })).status).toBe(202);
	});

	it("answers 503 while the keys cannot be read, and takes the same event after it", async () => {
		const other = await startEntra(key);
		const otherPort = await freePorts();
		const settings = { ENTRA_TENANT_ID: TENANT, ENTRA_AUDIENCE: APPLICATION, ENTRA_AUTHORITY: other.url };
		const unlucky = await startOn(otherPort, { env: settings });
		try {
			const to = `http://127.0.0.1:${otherPort}/api/events`;
			other.answer({ status: 500 });
			const answer = await post(`Bearer ${v1()}`, to);
			expect(answer.status).toBe(503);
			expect(answer.json()).toEqual({ error: expect.stringContaining("the answer was 500") });
			expect(answer.headers).not.toHaveProperty("www-authenticate");
			other.answer(undefined);
			await eventually("the keys are read again", async () => {
				const { status } = await postJson(to, [event], { authorization: `Bearer ${v1()}` });
				return status === 200 || status === 202 || undefined;
			});
		} finally {
			await unlucky.stop();
			await other.close();
		}
	});

	it("takes nothing, and says in health what to repair, while a setting of Entra is wrong", async () => {
		const otherPort = await freePorts();
		const broken = await startOn(otherPort, { env: { ENTRA_TENANT_ID: "common", ENTRA_AUDIENCE: APPLICATION } });
		try {
			const health = await call(`http://127.0.0.1:${otherPort}/api/health`);
			expect(health.status).toBe(503);
			expect(health.json()).toMatchObject({ problems: [{ setting: "ENTRA_TENANT_ID" }] });
			const answer = await post(`Bearer ${v1()}`, `http://127.0.0.1:${otherPort}/api/events`);
			expect(answer.status).toBe(503);
			expect(answer.text).toContain("ENTRA_TENANT_ID");
		} finally {
			await broken.stop();
		}
	});

	it("looks at the token before the body", async () => {
		expect((await call(url, { method: "POST", body: "no JSON" })).status).toBe(401);
		expect(
			(await call(url, { method: "POST", body: "no JSON", headers: { authorization: `Bearer ${v1()}` } })).status,
		).toBe(400);
	});

	it("says what is missing to send, and takes a token from GRID_DISPATCH_TOKEN", async () => {
		const args = ["send", "RunCompleted", "--url", `http://127.0.0.1:${port}`];
		const refused = await runCliProcess(args);
		expect(refused.out + refused.err).toContain("GRID_DISPATCH_TOKEN");
		const env = { GRID_DISPATCH_TOKEN: v1({ appid: STRANGER }) };
		const taken = await runCliProcess(args, { env });
		expect(taken.out).toMatch(/^(?:dispatched|accepted) /);
		const shaken = await runCliProcess(["send", "--handshake", "--url", `http://127.0.0.1:${port}`], { env });
		expect(shaken.out.match(/accepted /g)).toHaveLength(2);
	});

	it("lets doctor tell that it is protected, and look further with a token", async () => {
		const args = ["doctor", "--url", `http://127.0.0.1:${port}`, "--json"];
		interface Told {
			readonly checks: readonly { readonly link: string; readonly verdict: string; readonly finding: string }[];
		}
		const handshakes = async (env: Readonly<Record<string, string>>) => {
			const told = (await runCliProcess(args, { env })).json() as Told;
			return told.checks.filter(({ link }) => link === "handshake");
		};
		expect(await handshakes({})).toMatchObject([
			{ verdict: "cannot tell", finding: expect.stringMatching(/Microsoft Entra protects the webhook: .* 401/) },
			{ verdict: "ok" },
		]);
		expect(await handshakes({ GRID_DISPATCH_TOKEN: v1() })).toMatchObject([{ verdict: "ok" }, { verdict: "ok" }]);
		const refused = { verdict: "cannot tell", finding: expect.stringMatching(/GRID_DISPATCH_TOKEN: .*audience/) };
		expect(await handshakes({ GRID_DISPATCH_TOKEN: v1({ aud: STRANGER }) })).toMatchObject([refused, refused]);
	});

	it("prints no token, whatever came", () => {
		expect(bridge.output()).not.toMatch(/eyJ[\w-]{20}/);
	});
});

/** Sends a text as it is, and reads the answer to its end. */
function exchange(port: number, text: string): Promise<string> {
	return new Promise((resolve, reject) => {
		let answer = "";
		const socket = createConnection(port, "127.0.0.1", () => socket.write(text));
		socket.setEncoding("utf8").on("data", (part: string) => {
			answer += part;
		});
		socket.on("error", reject).on("close", () => resolve(answer));
	});
}
