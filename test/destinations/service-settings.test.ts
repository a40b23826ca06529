import { describe, expect, it } from "@jest/globals";
import type { Env } from "../../src/config/settings.ts";
import { azureDevOps } from "../../src/destinations/azure-devops/service.ts";
import { github } from "../../src/destinations/github/service.ts";
import { readWith, routesTo } from "./read-settings.ts";

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;

const ALL = [
	{
		service: github,
		prefix: "GITHUB",
		url: "GITHUB_API_URL",
		token: { GITHUB_TOKEN: "t-1" },
		to: { repository: "contoso/ml" },
		address: "https://api.github.com",
		pace: [
			{ count: 1, ms: SECOND },
			{ count: 80, ms: MINUTE },
			{ count: 500, ms: HOUR },
		],
		called: "https://api.github.com/repos/contoso/ml/dispatches",
		example: "https://api.github.com, https://HOST/api/v3 for Enterprise Server, or https://api.SUBDOMAIN.ghe.com",
		elsewhere: "https://github.com",
	},
	{
		service: azureDevOps,
		prefix: "AZURE_DEVOPS",
		url: "AZURE_DEVOPS_URL",
		token: { AZURE_DEVOPS_TOKEN: "t-1" },
		to: { organization: "contoso", project: "ml", pipeline: 7 },
		address: "https://dev.azure.com",
		pace: [
			{ count: 2, ms: SECOND },
			{ count: 60, ms: MINUTE },
		],
		called: "https://dev.azure.com/contoso/ml/_apis/pipelines/7/runs?api-version=7.1",
		example: "https://dev.azure.com, or https://HOST of a server of your own",
		elsewhere: "https://contoso.visualstudio.com",
	},
] as const;
type OfService = (typeof ALL)[number];

function configure({ service, token, to }: OfService, env: Env) {
	return readWith(service.configure, { ...token, ...env }, routesTo(to));
}

/** What goes out when a delivery is sent with these settings. */
async function sendWith(one: OfService, env: Env) {
	const { config } = configure(one, env);
	const asked: { url: URL; agent: string | null; body: unknown }[] = [];
	const client = config.open({
		version: "9.9.9",
		async fetch(input, init) {
			asked.push({
				url: new URL(String(input)),
				agent: new Headers(init?.headers).get("user-agent"),
				body: init?.body,
			});
			throw Object.assign(new Error("no network"), { code: "ENOTFOUND" });
		},
		now: () => 0,
		sleep: () => new Promise(() => {}),
		timeoutMs: 10_000,
	});
	const { classification } = await client.send(one.service.resolve(one.to, "t"), "{}");
	return { asked, classification };
}

describe.each(ALL)("the speed of $service.name", (one) => {
	it.each([
		["PACE", "1/s", { limits: [{ count: 1, ms: SECOND }] }],
		["PACE", "10000/h", { limits: [{ count: 10_000, ms: HOUR }] }],
		[
			"PACE",
			" 7/m, 3 / s",
			{
				limits: [
					{ count: 7, ms: MINUTE },
					{ count: 3, ms: SECOND },
				],
			},
		],
		["CONCURRENCY", "1", { concurrency: 1 }],
		["CONCURRENCY", "50", { concurrency: 50 }],
	])("is what is set: %s %j", (setting, text, taken) => {
		const { config, problems, warnings } = configure(one, { [`${one.prefix}_${setting}`]: text });
		expect(config).toMatchObject({ limits: one.pace, concurrency: 1, ...taken });
		expect([problems, warnings]).toEqual([[], []]);
	});

	const noLimit = (part: string) => `"${part}" is not a limit; expected a list such as 1/s,80/m,500/h`;
	const noNumber = (text: string) => `"${text}" is not a whole number from 1 to 50`;
	it.each([
		["PACE", "0/s", '"0/s": the number must be from 1 to 10000'],
		["PACE", "10001/m", '"10001/m": the number must be from 1 to 10000'],
		["PACE", "1/s,", noLimit("")],
		["PACE", "1/s, 80 a minute", noLimit("80 a minute")],
		["PACE", "-1/s", noLimit("-1/s")],
		["PACE", "1/d", noLimit("1/d")],
		...["0", "51", "-1", "1.5", "many", "NaN", "Infinity", "1e9"].map(
			(text) => ["CONCURRENCY", text, noNumber(text)] as const,
		),
	])("is as usual where another value is refused: %s %j", (setting, text, problem) => {
		const { config, problems } = configure(one, { [`${one.prefix}_${setting}`]: text });
		expect(problems).toEqual([{ setting: `${one.prefix}_${setting}`, problem }]);
		expect(config).toMatchObject({ limits: one.pace, concurrency: 1 });
	});
});

describe.each(ALL)("the address of $service.name", (one) => {
	it("is where it is called, in the name of the bridge", async () => {
		const { asked, classification } = await sendWith(one, {});
		expect(asked).toEqual([
			{ url: new URL(one.called), agent: expect.stringContaining("grid-dispatch/9.9.9"), body: "{}" },
		]);
		expect(classification).toMatchObject({ kind: "transient" });
		const { config } = configure(one, {});
		expect(config).toMatchObject({ name: one.service.name, address: one.address });
		expect(config.formerAddress).toBeUndefined();
	});

	it.each([
		["https://old.contoso.example/api/v3", "https://old.contoso.example/api/v3"],
		["HTTPS://Old.Contoso.Example:443/api/v3///", "https://old.contoso.example/api/v3"],
		["https://old.contoso.example//a//api/v3/", "https://old.contoso.example//a//api/v3"],
		["http://127.0.0.1:7072/", "http://127.0.0.1:7072"],
		["http://localhost:7072//", "http://localhost:7072"],
		["http://[::1]:7072/api/v3/", "http://[::1]:7072/api/v3"],
	])("has one form, however it is written, and so has the one before: %s", (text, address) => {
		const now = configure(one, { [one.url]: text });
		expect([now.config.address, now.problems, now.warnings]).toEqual([address, [], []]);
		const before = configure(one, { [`${one.url}_BEFORE`]: text });
		expect([before.config.formerAddress, before.config.address, before.problems]).toEqual([address, one.address, []]);
	});

	const insecure = "must be https (plain http is accepted only for this machine)";
	it.each([
		["nowhere", '"nowhere" is not a URL'],
		["github.contoso.example/api/v3/", '"github.contoso.example/api/v3/" is not a URL'],
		["http://api.github.com", `"http://api.github.com" ${insecure}`],
		["ftp://localhost", `"ftp://localhost" ${insecure}`],
		["http://127.0.0.1.evil.example", `"http://127.0.0.1.evil.example" ${insecure}`],
		["http://localhost.evil.example", `"http://localhost.evil.example" ${insecure}`],
		[
			"https://mona:hunter-2@contoso.example/api/v3",
			'"https://[redacted]@contoso.example/api/v3" contains credentials, which would be sent and logged; remove them',
		],
		[
			"https://contoso.example/api/v3?key=hunter-2",
			'"https://contoso.example/api/v3" has a query or a fragment; remove it, because the bridge appends paths',
		],
		[
			"https://contoso.example/api/v3#hunter-2",
			'"https://contoso.example/api/v3" has a query or a fragment; remove it, because the bridge appends paths',
		],
	])("is refused with what to write in its place: %s", (text, problem) => {
		for (const setting of [one.url, `${one.url}_BEFORE`]) {
			const { problems } = configure(one, { [setting]: text });
			expect(problems).toEqual([{ setting, problem: `${problem}; expected ${one.example}` }]);
		}
	});

	it.each(["nowhere", "http://contoso.example", "https://mona:hunter-2@contoso.example", one.elsewhere])(
		"is never called once it is refused, nor shown: %s",
		async (text) => {
			const env = { [one.url]: text };
			const { config, problems } = configure(one, env);
			expect(problems).toMatchObject([{ setting: one.url }]);
			const to = one.service.resolve(one.to, "t");
			expect(config.pageOf(to)).toBeNull();
			expect(config.requestLine(to)).toMatch(/^POST https:\/\/[a-z-]+\.invalid\//);
			const { asked, classification } = await sendWith(one, env);
			expect(asked.map(({ url }) => url.hostname)).toEqual([expect.stringMatching(/\.invalid$/)]);
			expect(classification).toMatchObject({ kind: "transient" });
		},
	);
});

describe.each(ALL)("the secret that a route to $service.name names", (one) => {
	const named = routesTo(one.to, { ...one.to, token: "other" }, { ...one.to, token: "third" });

	it("needs a key vault", () => {
		const { problems, warnings } = readWith(one.service.configure, one.token, named);
		const missing = (route: string, secret: string) => ({
			setting: "KEY_VAULT_URL",
			problem: `is not set, but the route "${route}" reads its token from the secret "${secret}"; give it the address of that key vault`,
		});
		expect([problems, warnings]).toEqual([[missing("r1", "other"), missing("r2", "third")], []]);
	});

	it("is not read where a stand-in gets the one token there is", () => {
		const env = { ...one.token, [one.url]: "http://127.0.0.1:7072" };
		const { problems, warnings } = readWith(one.service.configure, env, named);
		const unread = (route: string, secret: string) =>
			`route "${route}": its token "${secret}" is not read, because ${one.url} is on this machine`;
		expect([problems, warnings]).toEqual([[], [unread("r1", "other"), unread("r2", "third")]]);
	});

	it("is read from the key vault", () => {
		for (const address of [one.address, "http://127.0.0.1:7072"]) {
			const env = { ...one.token, KEY_VAULT_URL: "https://contoso.vault.azure.net", [one.url]: address };
			const { problems, warnings } = readWith(one.service.configure, env, named);
			expect([problems, warnings]).toEqual([[], []]);
		}
	});
});
