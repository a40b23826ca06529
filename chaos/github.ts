import { generateKeyPairSync } from "node:crypto";
import { startGitHubStandIn } from "../src/local/github-stand-in.ts";
import { startIdentityStandIn, startVaultStandIn } from "../support/vault-stand-in.ts";
import type { Weather } from "./plan-weather.ts";
import { APP_KEY_SECRET, AZURE_SECRET, RENAMED_SUFFIX, REPOSITORIES, SECRETS } from "./routes.ts";

/** GitHub and the vault with its tokens, in this process; both do as the weather says. */
export type StormGitHub = Awaited<ReturnType<typeof startStormGitHub>>;

export interface Pace {
	readonly perSecond: number;
	readonly perMinute: number;
	readonly concurrency: number;
}

/** GitHub takes as long to answer. */
const LATENCY_MS = 100;
const ENDLESS = 1e9;
const ACCESS_TOKEN = "access-token-for-the-vault";
const APP_ID = "314159";
/** So long it takes until GitHub knows a new token of the App everywhere. */
const UNKNOWN_FOR_MS = 1_500;
const IDENTITY_SECRET = "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a";

export async function startStormGitHub({ perSecond, perMinute, concurrency }: Pace) {
	const vault = await startVaultStandIn(ACCESS_TOKEN);
	const identity = await startIdentityStandIn({ secret: IDENTITY_SECRET, token: ACCESS_TOKEN });
	const limits = {
		perHour: ENDLESS,
		contentPerHour: ENDLESS,
		contentPerSecond: perSecond,
		contentPerMinute: perMinute,
	};
	const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
	const key = privateKey.export({ type: "pkcs1", format: "pem" }).toString();
	vault.secrets.set(APP_KEY_SECRET, key);
	const github = await startGitHubStandIn({
		latencyMs: LATENCY_MS,
		limits,
		repositories: REPOSITORIES.flatMap((name) => [name, `${name}${RENAMED_SUFFIX}`]),
		app: { id: APP_ID, key, unknownForMs: UNKNOWN_FOR_MS },
	});
	const tokens = createTokens((valid) => {
		github.setTokens(valid.filter((token) => !isOfAzure(token)));
		github.setAzureTokens(valid.filter(isOfAzure));
	}, vault.secrets);
	for (const secret of SECRETS) tokens.renew(secret);
	const repairs = new Set<NodeJS.Timeout>();

	return {
		github,
		/** Every token that the vault has held. */
		issued: tokens.issued,
		settings: {
			GITHUB_API_URL: github.url,
			GITHUB_PACE: `${perSecond}/s,${perMinute}/m`,
			GITHUB_CONCURRENCY: String(concurrency),
			AZURE_DEVOPS_URL: github.url,
			AZURE_DEVOPS_TOKEN_SECRET_NAME: AZURE_SECRET,
			AZURE_DEVOPS_PACE: `${perSecond}/s,${perMinute}/m`,
			AZURE_DEVOPS_CONCURRENCY: String(concurrency),
			KEY_VAULT_URL: vault.url,
			GITHUB_APP_ID: APP_ID,
			GITHUB_APP_KEY_SECRET_NAME: APP_KEY_SECRET,
			IDENTITY_ENDPOINT: identity.url,
			IDENTITY_HEADER: IDENTITY_SECRET,
			NODE_EXTRA_CA_CERTS: vault.certificateFile,
		},
		play(weather: Weather): void {
			if (weather.kind === "faults") github.script.set(weather.faults);
			else if (weather.kind === "rotate") tokens.renew(weather.secret);
			else if (weather.kind === "app tokens end") github.revokeInstallationTokens();
			else {
				tokens.revoke(weather.secret);
				repairs.add(setTimeout(() => tokens.renew(weather.secret), weather.repairedAfterMs));
			}
		},
		/** No faults from now on, and every token as it should be. */
		calm(): void {
			github.script.set([]);
			for (const repair of repairs) clearTimeout(repair);
			for (const secret of SECRETS) if (!tokens.isValid(secret)) tokens.renew(secret);
		},
		async close() {
			for (const repair of repairs) clearTimeout(repair);
			await Promise.all([github.close(), vault.close(), identity.close()]);
		},
	};
}

const OF_AZURE = "azure_pat_";
const isOfAzure = (token: string) => token.startsWith(OF_AZURE);

/**
 * The tokens of the vault's secrets.
 * @param onChange told the tokens that are valid
 * @param secrets where a new one is put
 */
function createTokens(onChange: (valid: string[]) => void, secrets: Map<string, string>) {
	/** By their secrets. */
	const valid = new Map<string, string>();
	const issued: string[] = [];
	return {
		issued: issued as readonly string[],
		isValid: (secret: string) => valid.has(secret),
		renew(secret: string): void {
			const number = String(issued.length).padStart(4, "0");
			const token = `${secret === AZURE_SECRET ? OF_AZURE : "github_pat_"}${secret.replaceAll("-", "_")}_${number}abcdefghij`;
			issued.push(token);
			secrets.set(secret, token);
			valid.set(secret, token);
			onChange([...valid.values()]);
		},
		/** GitHub takes it no more; it stays in the vault. */
		revoke(secret: string): void {
			valid.delete(secret);
			onChange([...valid.values()]);
		},
	};
}
