import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { type Answer, type AzStandIn, createAzStandIn } from "../helpers/az-stand-in.ts";

/** Prints the target that the command finds, in a process whose az is the stand-in. */
const SCRIPT = `
const { findTarget } = await import("./src/cli/doctor/find-target.ts");
const flags = JSON.parse(process.argv[1]);
const { PATH } = process.env;
const env = { PATH, GITHUB_TOKEN: "ghp_of-the-environment" };
console.log(JSON.stringify(await findTarget(flags, { env }).catch(({ message, exitCode }) => ({ message, exitCode }))));
`;

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

	const args = (flags: object) => ["--import", "tsx", "--input-type=module", "--eval", SCRIPT, JSON.stringify(flags)];
	async function found(answers: readonly Answer[], flags: object = APP): Promise<unknown> {
		az.reset();
		const { out, err } = await az.node(args(flags), answers);
		if (out === "") throw new Error(err);
		return JSON.parse(out);
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
		expect(await found([SHOWN, KEYS, settings({ BRIDGE_ROUTES: "routes.json" })])).not.toHaveProperty("routes");
	});

	it("goes on without keys and settings where az may not read them", async () => {
		const refused = (to: string) => ({ to, answers: [{ err: "AuthorizationFailed", status: 1 }] });
		const target = await found([SHOWN, refused("functionapp keys list"), refused("functionapp config")]);
		expect(target).toMatchObject({ bridgeUrl: "https://contoso-bridge.azurewebsites.net" });
		expect(target).not.toHaveProperty("key");
	});

	it("tells what az said where there is no such app", async () => {
		const gone = { to: "functionapp show", answers: [{ err: "ERROR: The Resource was not found.", status: 3 }] };
		expect(await found([gone])).toEqual({
			message: "az could not show contoso-bridge: The Resource was not found.",
			exitCode: 1,
		});
	});

	it("tells where there is no az", async () => {
		const { out } = await az.nodeWithoutAz(args(APP));
		expect(JSON.parse(out)).toMatchObject({
			message: expect.stringContaining("the Azure CLI (az) is not installed"),
			exitCode: 1,
		});
	});
});
