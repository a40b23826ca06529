import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { serve } from "../src/local/serve.ts";

/** An HTTPS server for localhost, and the file with the certificate that a client has to trust for it. */
export interface VaultStandIn {
	/** https://localhost:port */
	readonly url: string;
	readonly certificateFile: string;
	/** What the vault holds, by name; a name in `forbidden` may not be read. */
	readonly secrets: Map<string, string>;
	readonly forbidden: Set<string>;
	/** The names that were read or asked for with a good token, oldest first. */
	readonly reads: string[];
	/** How many requests came without a token, for which a challenge was answered. */
	challenges(): number;
	/** The next readings are answered with this status. */
	fail(status: number, times: number): void;
	close(): Promise<void>;
}

/**
 * Stands in for Azure Key Vault, over real HTTPS: challenges a request without a token, and then serves
 * `GET /secrets/{name}/`. Source: Key Vault's "Authentication, requests and responses", and "Get Secret".
 * @param token the access token that it takes
 */
export async function startVaultStandIn(token: string): Promise<VaultStandIn> {
	const folder = mkdtempSync(join(tmpdir(), "vault-stand-in-"));
	const certificateFile = join(folder, "ca.pem");
	const { private: key, cert } = await certificate();
	writeFileSync(certificateFile, cert);

	const secrets = new Map<string, string>();
	const forbidden = new Set<string>();
	const reads: string[] = [];
	let challenges = 0;
	let failure = { status: 0, left: 0 };
	let url = "";

	const server = createServer({ key, cert }, (request, response) => {
		const { pathname, searchParams } = new URL(request.url ?? "/", url);
		if (request.headers.authorization !== `Bearer ${token}`) {
			challenges += 1;
			response.setHeader(
				"www-authenticate",
				'Bearer authorization="https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000", resource="https://vault.azure.net"',
			);
			return refuse(response, 401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.");
		}
		const name = /^\/secrets\/([^/]+)\/?$/.exec(pathname)?.[1];
		if (request.method !== "GET" || name === undefined || searchParams.get("api-version") === null) {
			return refuse(response, 400, "BadParameter", "not a request to read a secret");
		}
		reads.push(name);
		if (failure.left > 0) {
			failure.left -= 1;
			return refuse(response, failure.status, "ServiceFault", "a scripted fault");
		}
		if (forbidden.has(name)) {
			return refuse(response, 403, "Forbidden", "Caller is not authorized to perform action on resource.");
		}
		const value = secrets.get(name);
		if (value === undefined) {
			return refuse(
				response,
				404,
				"SecretNotFound",
				`A secret with (name/id) ${name} was not found in this key vault.`,
			);
		}
		const id = `${url}/secrets/${name}/0123456789abcdef0123456789abcdef`;
		answer(response, 200, { value, id, attributes: { enabled: true, created: 1_767_225_600, updated: 1_767_225_600 } });
	});
	url = `https://localhost:${await listen(server)}`;

	return {
		url,
		certificateFile,
		secrets,
		forbidden,
		reads,
		challenges: () => challenges,
		fail: (status, times) => {
			failure = { status, left: times };
		},
		close: async () => {
			await new Promise<void>((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			});
			rmSync(folder, { recursive: true });
		},
	};
}

/** What the app asked the platform's identity endpoint for. */
export interface IdentityRequest {
	readonly header: string | undefined;
	readonly apiVersion: string | null;
	readonly resource: string | null;
	readonly clientId: string | null;
}

export interface IdentityStandIn {
	readonly url: string;
	/** Every request, oldest first. */
	readonly requests: readonly IdentityRequest[];
	/** Whether an identity is there to hand out tokens for. */
	assigned: boolean;
	close(): Promise<void>;
}

/**
 * Stands in for the endpoint where App Service and Functions hand out tokens for managed identities.
 * Source: learn.microsoft.com, "Use managed identities for App Service", REST endpoint reference.
 */
export async function startIdentityStandIn(options: { secret: string; token: string }): Promise<IdentityStandIn> {
	const requests: IdentityRequest[] = [];
	const server = await serve(0, (request: IncomingMessage, response) => {
		const { searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
		const asked = {
			header: request.headers["x-identity-header"]?.toString(),
			apiVersion: searchParams.get("api-version"),
			resource: searchParams.get("resource"),
			clientId: searchParams.get("client_id"),
		};
		requests.push(asked);
		if (asked.header !== options.secret) return answer(response, 401, { statusCode: 401, message: "Unauthorized" });
		if (asked.apiVersion !== "2019-08-01" || asked.resource === null || !standIn.assigned) {
			return answer(response, 400, {
				statusCode: 400,
				message: "No User Assigned or Delegated Managed Identity found",
			});
		}
		answer(response, 200, {
			access_token: options.token,
			expires_on: String(Math.floor(Date.now() / 1000) + 24 * 3600),
			resource: asked.resource,
			token_type: "Bearer",
			client_id: asked.clientId ?? "00000000-0000-0000-0000-00000000000a",
		});
	});
	const standIn = { url: `${server.url}/msi/token`, requests, assigned: true, close: server.close };
	return standIn;
}

function certificate() {
	return generate([{ name: "commonName", value: "localhost" }], {
		keyType: "ec",
		algorithm: "sha256",
		extensions: [
			{ name: "basicConstraints", cA: true },
			{
				name: "subjectAltName",
				altNames: [
					{ type: 2, value: "localhost" },
					{ type: 7, ip: "127.0.0.1" },
				],
			},
		],
	});
}

async function listen(server: Server): Promise<number> {
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject);
		server.listen(0, "127.0.0.1", resolve);
	});
	return (server.address() as AddressInfo).port;
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
	answer(response, status, { error: { code, message } });
}

function answer(response: ServerResponse, status: number, body: unknown): void {
	response.writeHead(status, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(body));
}
