import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createCredential } from "../../src/config/credential.ts";
import { createSecretReader } from "../../src/config/key-vault.ts";
import { type GitHubStandIn, type StandInOptions, startGitHubStandIn } from "../../src/local/github-stand-in.ts";
import { call, postJson } from "../../support/call.ts";
import { eventually } from "../../support/eventually.ts";
import { exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { freePorts } from "../../support/free-ports.ts";
import {
	type IdentityStandIn,
	startIdentityStandIn,
	startVaultStandIn,
	type VaultStandIn,
} from "../../support/vault-stand-in.ts";
import { type RunningStart, startOn } from "../helpers/run-start.ts";

const IDENTITY_SECRET = "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a";
const ACCESS_TOKEN = "access-token-for-the-vault";
const CLIENT_ID = "5e29463d-71da-4fe0-8e69-999b57db23b0";
const OLD_TOKEN = "github_pat_old0123456789abcdefghij";
const NEW_TOKEN = "github_pat_new0123456789abcdefghij";
const REVOKED_TOKEN = "github_pat_revoked0123456789abcdef";
const OTHER_TOKEN = "github_pat_fabrikam0123456789abcdef";

/** The settings of an app in Azure whose token lies in the key vault. */
function settings(vault: VaultStandIn, identity: IdentityStandIn, github: GitHubStandIn): Record<string, string> {
	return {
		GITHUB_API_URL: github.url,
		KEY_VAULT_URL: vault.url,
		GITHUB_TOKEN_SECRET_NAME: "contoso-token",
		IDENTITY_ENDPOINT: identity.url,
		IDENTITY_HEADER: IDENTITY_SECRET,
		NODE_EXTRA_CA_CERTS: vault.certificateFile,
		GITHUB_PACE: "1000/s",
	};
}

/** A vault, a managed-identity endpoint, GitHub, and the bridge between them. */
interface Stage {
	readonly vault: VaultStandIn;
	readonly identity: IdentityStandIn;
	readonly github: GitHubStandIn;
	readonly bridge: RunningStart;
	readonly port: number;
	close(): Promise<void>;
}

async function startStage(
	options: StandInOptions,
	prepare: (vault: VaultStandIn, identity: IdentityStandIn) => void,
	env: Record<string, string>,
): Promise<Stage> {
	const vault = await startVaultStandIn(ACCESS_TOKEN);
	const identity = await startIdentityStandIn({ secret: IDENTITY_SECRET, token: ACCESS_TOKEN });
	const github = await startGitHubStandIn(options);
	prepare(vault, identity);
	const port = await freePorts();
	const bridge = await startOn(port, { env: { ...settings(vault, identity, github), ...env } });
	const close = async () => {
		await bridge.stop();
		await Promise.all([vault, identity, github].map((standIn) => standIn.close()));
	};
	return { vault, identity, github, bridge, port, close };
}

interface Answer {
	readonly status: number;
	readonly outcomes: readonly string[];
	readonly reason: string | null;
}

/** Posts one event of a subject to the bridge on a port. */
async function send(port: number, subject: string, id: string): Promise<Answer> {
	const event = { ...inEventGridSchema(exampleOf("RunCompleted")), subject, id };
	const answer = await postJson(`http://127.0.0.1:${port}/api/events`, event);
	const { events } = answer.json() as { events: { outcome: string; reason: string | null }[] };
	return {
		status: answer.status,
		outcomes: events.map(({ outcome }) => outcome),
		reason: events[0]?.reason ?? null,
	};
}

const DISPATCHED: Answer = { status: 200, outcomes: ["dispatched"], reason: null };

describe("tokens from a key vault, as a user-assigned identity", () => {
	let stage: Stage;

	beforeAll(async () => {
		const repository = "contoso/fraud-model";
		const routes = [
			{ name: "default", filter: { subjectBeginsWith: "default" }, to: { repository } },
			{
				name: "fabrikam",
				filter: { subjectBeginsWith: "fabrikam" },
				to: { repository: "fabrikam/churn", token: "fabrikam-token" },
			},
			...["absent", "locked", "empty", "stumbling", "revoked"].map((token) => ({
				name: token,
				filter: { subjectBeginsWith: token },
				to: { repository, token },
			})),
		];
		stage = await startStage(
			{ tokens: [OLD_TOKEN, OTHER_TOKEN] },
			({ secrets, forbidden }) => {
				secrets.set("contoso-token", `${OLD_TOKEN}\n`).set("fabrikam-token", OTHER_TOKEN).set("empty", " ");
				secrets.set("stumbling", OLD_TOKEN).set("revoked", REVOKED_TOKEN);
				forbidden.add("locked");
			},
			{ AZURE_CLIENT_ID: CLIENT_ID, BRIDGE_ROUTES: JSON.stringify({ routes }) },
		);
	});

	afterAll(() => stage?.close());

	it("reads the token of each lane once to answer health, however often it is polled", async () => {
		const read = ["absent", "contoso-token", "empty", "fabrikam-token", "locked", "revoked", "stumbling"];
		expect([...stage.vault.reads].sort()).toEqual(read);
		await call(`http://127.0.0.1:${stage.port}/api/health`);
		expect(stage.vault.reads).toHaveLength(read.length);
	});

	it("takes the vault's token to GitHub, without the white space around it", async () => {
		expect(await send(stage.port, "default", "first")).toEqual(DISPATCHED);
		expect(stage.github.calls).toMatchObject([{ token: OLD_TOKEN, status: 204 }]);
	});

	it("asks the platform for a token of that identity for the vault, after the vault's challenge", () => {
		expect(stage.vault.challenges()).toBeGreaterThan(0);
		expect(stage.identity.requests).toEqual([
			{
				header: IDENTITY_SECRET,
				apiVersion: "2019-08-01",
				resource: "https://vault.azure.net",
				clientId: CLIENT_ID,
			},
		]);
	});

	it("reads the secret once for many events", async () => {
		const answers = await Promise.all(["a", "b", "c", "d"].map((id) => send(stage.port, "default", id)));
		expect(answers).toEqual([DISPATCHED, DISPATCHED, DISPATCHED, DISPATCHED]);
		expect(stage.github.received.map(({ repository }) => repository)).toEqual(Array(5).fill("contoso/fraud-model"));
		expect(stage.vault.reads.filter((name) => name === "contoso-token")).toHaveLength(1);
	});

	it("reads another secret for a route that names one, at most once for events that come together", async () => {
		const answers = await Promise.all(["e", "f", "g"].map((id) => send(stage.port, "fabrikam", id)));
		expect(answers).toEqual([DISPATCHED, DISPATCHED, DISPATCHED]);
		const fabrikam = stage.github.calls.filter(({ path }) => path === "/repos/fabrikam/churn/dispatches");
		expect(fabrikam.map(({ token }) => token)).toEqual([OTHER_TOKEN, OTHER_TOKEN, OTHER_TOKEN]);
		expect(stage.vault.reads.filter((name) => name === "fabrikam-token")).toHaveLength(1);
	});

	it("reads a rotated secret again at GitHub's first 401 and dispatches that same event, without a restart", async () => {
		stage.github.setTokens([NEW_TOKEN, OTHER_TOKEN]);
		stage.vault.secrets.set("contoso-token", NEW_TOKEN);
		const [calls, reads] = [stage.github.calls.length, stage.vault.reads.length];
		expect(await send(stage.port, "default", "after the rotation")).toEqual(DISPATCHED);
		expect(stage.github.calls.slice(calls)).toMatchObject([
			{ token: OLD_TOKEN, status: 401 },
			{ token: NEW_TOKEN, status: 204 },
		]);
		expect(stage.github.received.at(-1)?.client_payload?.["id"]).toBe("after the rotation");
		expect(stage.vault.reads.slice(reads)).toEqual(["contoso-token"]);

		expect(await send(stage.port, "default", "once more")).toEqual(DISPATCHED);
		expect(stage.github.calls.at(-1)).toMatchObject({ token: NEW_TOKEN, status: 204 });
		expect(stage.vault.reads).toHaveLength(reads + 1);
	});

	it("does not try a token again that the vault still holds after a 401, and parks what wants it alone", async () => {
		const calls = stage.github.calls.length;
		const answer = await send(stage.port, "revoked", "first");
		expect(answer).toMatchObject({ status: 202, outcomes: ["accepted"] });
		expect(answer.reason).toMatch(/^parked until .*401/);
		expect(await send(stage.port, "revoked", "second")).toMatchObject({ status: 202, outcomes: ["accepted"] });
		expect(stage.github.calls.slice(calls)).toMatchObject([{ token: REVOKED_TOKEN, status: 401 }]);
		expect(await send(stage.port, "default", "with another token")).toEqual(DISPATCHED);
	});

	it.each([
		["absent", 'the key vault has no secret "absent"'],
		["locked", 'the key vault does not let the bridge read the secret "locked"; give the app\'s identity the role'],
		["empty", 'the secret "empty" is empty'],
	])("parks an event while its secret is %s, and names the secret", async (name, reason) => {
		const [calls, reads] = [stage.github.calls.length, stage.vault.reads.length];
		const answer = await send(stage.port, name, "waiting");
		expect(answer).toMatchObject({ status: 202, outcomes: ["accepted"] });
		expect(answer.reason).toMatch(/^parked until /);
		expect(answer.reason).toContain(reason);
		expect(stage.vault.reads.slice(reads)).toContain(name);
		expect(stage.github.calls).toHaveLength(calls);
	});

	it("gets over a vault that stumbles once", async () => {
		stage.vault.secrets.set("stumbling", NEW_TOKEN);
		const reads = stage.vault.reads.length;
		stage.vault.fail(503, 1);
		// The token that was read before has been rotated, too.
		expect(await send(stage.port, "stumbling", "after a stumble")).toEqual(DISPATCHED);
		expect(stage.vault.reads.slice(reads)).toEqual(["stumbling", "stumbling"]);
	});

	it("asks the platform for one token in all", () => {
		expect(stage.identity.requests).toHaveLength(1);
	});

	it("prints no token and no credential of the identity", async () => {
		await stage.bridge.printed(
			'dispatched  Microsoft.MachineLearningServices.RunCompleted stumbling route "stumbling"',
		);
		for (const secret of [OLD_TOKEN, NEW_TOKEN, OTHER_TOKEN, REVOKED_TOKEN, ACCESS_TOKEN, IDENTITY_SECRET]) {
			expect(stage.bridge.output()).not.toContain(secret);
		}
	});
});

describe("tokens from a key vault, as the system-assigned identity", () => {
	let stage: Stage;

	beforeAll(async () => {
		stage = await startStage(
			{ tokens: [OLD_TOKEN] },
			({ secrets }, identity) => {
				secrets.set("contoso-token", OLD_TOKEN);
				identity.assigned = false;
			},
			{ GITHUB_REPOSITORY: "contoso/fraud-model" },
		);
	});

	afterAll(() => stage?.close());

	it("keeps an event while the app has no identity", async () => {
		const answer = await send(stage.port, "default", "no identity");
		expect(answer).toMatchObject({ status: 202, outcomes: ["accepted"] });
		expect(answer.reason).toMatch(/^paused until /);
		expect(answer.reason).toContain('the secret "contoso-token" could not be read');
		expect(stage.github.calls).toEqual([]);
	});

	it("dispatches what waits once it has one, which it asks for without a client id", async () => {
		stage.identity.assigned = true;
		await eventually("the dispatch", () => stage.github.received[0]);
		expect(stage.github.calls).toMatchObject([{ token: OLD_TOKEN, status: 204 }]);
		expect(stage.github.received[0]?.client_payload?.["id"]).toBe("no identity");
		expect(new Set(stage.identity.requests.map(({ clientId }) => clientId))).toEqual(new Set([null]));
	});
});

describe("a GitHub App whose private key lies in the key vault", () => {
	const { privateKey, publicKey } = generateKeyPairSync("rsa", {
		modulusLength: 2048,
		privateKeyEncoding: { type: "pkcs1", format: "pem" },
		publicKeyEncoding: { type: "spki", format: "pem" },
	});
	let stage: Stage;

	beforeAll(async () => {
		stage = await startStage(
			{ tokens: [], app: { id: "1234567", key: publicKey } },
			({ secrets }) => void secrets.set("github-app-key", privateKey),
			{ GITHUB_APP_ID: "1234567", GITHUB_REPOSITORY: "contoso/fraud-model" },
		);
	});

	afterAll(() => stage?.close());

	it("dispatches with an installation token, and with the next one when that has ended", async () => {
		expect(await send(stage.port, "default", "by the app")).toEqual(DISPATCHED);
		stage.github.revokeInstallationTokens();
		expect(await send(stage.port, "default", "by its next token")).toEqual(DISPATCHED);
		expect(stage.vault.reads).toEqual(["github-app-key"]);
	});

	it("prints neither the key nor a token", () => {
		expect(stage.bridge.output()).not.toContain("ghs_");
		expect(stage.bridge.output()).not.toContain("PRIVATE KEY");
	});
});

describe("reading a secret", () => {
	it.each([
		["as a managed identity", true],
		["as whoever is logged in", false],
	])("rejects with the reason when the vault is not there, %s", async (_, managedIdentity) => {
		const vault = await startVaultStandIn(ACCESS_TOKEN);
		await vault.close();
		const identity = { managedIdentity };
		const read = createSecretReader({ vaultUrl: vault.url, ...identity }, createCredential(identity));
		await expect(read("contoso-token")).rejects.toThrow(/ECONNREFUSED/);
	});

	it("rejects a vault whose certificate is not trusted, and asks it for nothing", async () => {
		const vault = await startVaultStandIn(ACCESS_TOKEN);
		try {
			const identity = { clientId: CLIENT_ID, managedIdentity: true };
			const read = createSecretReader({ vaultUrl: vault.url, ...identity }, createCredential(identity));
			await expect(read("contoso-token")).rejects.toThrow(/self-signed certificate/);
			expect(vault.challenges()).toBe(0);
		} finally {
			await vault.close();
		}
	});
});
