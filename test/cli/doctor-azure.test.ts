import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { CliError } from "../../src/cli/cli-error.ts";
import { type DoctorFlags, findTarget } from "../../src/cli/doctor/find-target.ts";
import { type Answer, type AzStandIn, createAzStandIn } from "../helpers/az-stand-in.ts";

const APP = { app: "contoso-bridge", resourceGroup: "contoso-ml" };
const TABLE = { routes: [{ name: "a", to: { repository: "contoso/fraud-model" } }] };
const SHOWN = { to: "functionapp show", answers: [{ out: { defaultHostName: "contoso-bridge.azurewebsites.net" } }] };
const KEYS = {
	to: "functionapp keys list",
	answers: [{ out: { functionKeys: { default: "function-key" }, systemKeys: { eventgrid_extension: "system-key" } } }],
};
const settings = (given: Record<string, string>): Answer => ({
	to: "functionapp config appsettings list",
	answers: [{ out: Object.entries(given).map(([name, value]) => ({ name, value })) }],
});

describe("doctor --app", () => {
	let az: AzStandIn;

	beforeAll(() => {
		az = createAzStandIn();
	});
	afterAll(() => az.remove());

	/** The target, or the mistake, where az answers so. */
	async function found(
		answers: readonly Answer[],
		flags: DoctorFlags = APP,
		env: Readonly<Record<string, string>> = {},
	): Promise<unknown> {
		az.reset();
		const PATH = az.answering(answers);
		return findTarget(flags, { env: { PATH, GITHUB_TOKEN: "ghp_of-the-environment", ...env } }).catch(
			({ message, exitCode }: CliError) => ({ message, exitCode }),
		);
	}

	it("asks az where the app is, for its keys and its settings", async () => {
		const given = { BRIDGE_ROUTES: JSON.stringify(TABLE), GITHUB_API_URL: "https://github.contoso.example/api/v3" };
		expect(await found([SHOWN, KEYS, settings(given)])).toMatchObject({
			bridgeUrl: "https://contoso-bridge.azurewebsites.net",
			local: false,
			key: "function-key",
			eventGridKey: "system-key",
			githubUrl: "https://github.contoso.example/api/v3",
			token: "ghp_of-the-environment",
			tokenIsBridges: false,
			routes: { name: "BRIDGE_ROUTES", routes: TABLE.routes },
		});
		for (const { args } of az.calls()) {
			expect(args.slice(args.indexOf("--name"))).toEqual([
				"--name",
				"contoso-bridge",
				"--resource-group",
				"contoso-ml",
				"--output",
				"json",
			]);
		}
	});

	it("takes the one repository where there is no table", async () => {
		expect(await found([SHOWN, KEYS, settings({ GITHUB_REPOSITORY: "contoso/a" })])).toMatchObject({
			githubUrl: "https://api.github.com",
			routes: { routes: [{ to: { repository: "contoso/a" } }] },
		});
	});

	it("knows no routes where the table is a file of the deployed package", async () => {
		expect(await found([SHOWN, KEYS, settings({ BRIDGE_ROUTES: "routes.json" })])).toMatchObject({ routes: undefined });
	});

	it("takes the key that az tells, not that of another app in the environment", async () => {
		const env = { GRID_DISPATCH_KEY: "of-another-app" };
		expect(await found([SHOWN, KEYS, settings({})], APP, env)).toMatchObject({ key: "function-key" });
		expect(await found([SHOWN, KEYS, settings({})], { ...APP, key: "given" }, env)).toMatchObject({ key: "given" });
	});

	it("takes any function key where none is called default, and the address of either version of az", async () => {
		const shown = { to: "functionapp show", answers: [{ out: { properties: { defaultHostName: "a.example" } } }] };
		const keys = { to: "functionapp keys list", answers: [{ out: { functionKeys: { other: "another-key" } } }] };
		expect(await found([shown, keys, settings({})])).toMatchObject({
			bridgeUrl: "https://a.example",
			key: "another-key",
		});
	});

	it("says so where az does not tell the address", async () => {
		expect(await found([{ to: "functionapp show", answers: [{ out: {} }] }])).toMatchObject({
			message: expect.stringContaining("give the address with --url"),
		});
	});

	it.each([
		["an address beside it", { ...APP, url: "https://contoso.example" }, "not both"],
		["no group", { app: "contoso-bridge" }, "--resource-group"],
		["a name that Azure does not allow", { ...APP, app: "a;b" }, "not a name"],
	])("is refused with %s", async (_, flags, words) => {
		expect(await found([], flags)).toMatchObject({ message: expect.stringContaining(words), exitCode: 2 });
		expect(az.calls()).toEqual([]);
	});

	it("goes on without keys and settings where az may not read them", async () => {
		const refused = (to: string) => ({ to, answers: [{ err: "AuthorizationFailed", status: 1 }] });
		const target = await found([SHOWN, refused("functionapp keys list"), refused("functionapp config")]);
		expect(target).toMatchObject({ bridgeUrl: "https://contoso-bridge.azurewebsites.net" });
		expect(target).toMatchObject({ key: undefined, routes: undefined });
	});

	it("tells what az said where there is no such app", async () => {
		const gone = { to: "functionapp show", answers: [{ err: "ERROR: The Resource was not found.", status: 3 }] };
		expect(await found([gone])).toEqual({
			message: "az could not show contoso-bridge: The Resource was not found.",
			exitCode: 1,
		});
	});

	it("tells where there is no az", async () => {
		expect(await found([], APP, { PATH: az.nowhere })).toMatchObject({
			message: expect.stringContaining("the Azure CLI (az) is not installed"),
			exitCode: 1,
		});
	});
});
