import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { generate } from "selfsigned";

export const TENANT = "0f0e1c5a-2d3b-4c7d-9a8b-123456789abc";
export const CLIENT = "5d1c2b3a-4f5e-4a6b-8c7d-abcdef012345";

/** A run as GitHub lists it, as far as the action looks. */
export interface ListedRun {
	readonly id: number;
	readonly display_title: string;
	readonly path?: string;
	readonly status?: string;
	readonly conclusion?: string | null;
}

/** What the action calls, over real HTTPS at one address: GitHub's OIDC service, Entra, GitHub's API and a storage account. */
export interface World {
	/** 127.0.0.1:port */
	readonly host: string;
	/** The file with the certificate that a client has to trust, and the key of it. */
	readonly certificateFile: string;
	readonly keyFile: string;
	/** What was asked for, oldest first: method, path with query, and the credential. */
	readonly asked: { readonly call: string; readonly credential: string | undefined }[];
	/** The access token that Entra gives out and the storage account takes. */
	readonly token: string;
	/** Blobs by their path. */
	readonly blobs: Map<string, string>;
	/** Answers the storage account's next requests in place of the blobs. */
	storage: RequestListener | undefined;
	/** Runs of the repository, newest first; or the status that GitHub refuses with. */
	runs: readonly ListedRun[] | number;
	/** Entra's refusal; undefined: it takes the login. */
	refusal: string | undefined;
	/** Keeps a blob and returns what a payload says of it. */
	put(path: string, content: string): { url: string; sha256: string; bytes: number };
	close(): Promise<void>;
}

export async function startWorld(): Promise<World> {
	const folder = mkdtempSync(join(tmpdir(), "action-world-"));
	const { private: key, cert } = await certificate();
	const certificateFile = join(folder, "ca.pem");
	const keyFile = join(folder, "key.pem");
	writeFileSync(certificateFile, cert);
	writeFileSync(keyFile, key);
	const asked: World["asked"] = [];
	const blobs = new Map<string, string>();
	const token = accessToken();

	const server = createServer({ key, cert }, (request, response) => {
		const { authorization } = request.headers;
		asked.push({ call: `${request.method} ${request.url}`, credential: authorization });
		void answer(world, request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
	const world: World = {
		host,
		certificateFile,
		keyFile,
		asked,
		token,
		blobs,
		storage: undefined,
		runs: [],
		refusal: undefined,
		put(path, content) {
			blobs.set(path, content);
			const sha256 = createHash("sha256").update(content).digest("hex");
			return { url: `https://${host}${path}`, sha256, bytes: Buffer.byteLength(content) };
		},
		async close() {
			const closed = new Promise((resolve) => server.close(resolve));
			server.closeAllConnections();
			await closed;
			rmSync(folder, { recursive: true, force: true });
		},
	};
	return world;
}

async function answer(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
	const { pathname, searchParams } = new URL(request.url ?? "/", `https://${world.host}`);
	const { authorization } = request.headers;
	if (pathname === "/oidc") {
		const isRight =
			authorization === "bearer runner-token" && searchParams.get("audience") === "api://AzureADTokenExchange";
		json(response, isRight ? 200 : 401, { value: "github-says-so" });
	} else if (pathname === `/${TENANT}/oauth2/v2.0/token`) {
		await login(world, request, response);
	} else if (pathname === "/api/v3/repos/contoso/articles/actions/runs") {
		runs(world, searchParams, response);
	} else if (world.storage !== undefined) {
		world.storage(request, response);
	} else if (authorization !== `Bearer ${world.token}` || request.headers["x-ms-version"] === undefined) {
		response.writeHead(403).end();
	} else {
		const blob = world.blobs.get(pathname);
		response.writeHead(blob === undefined ? 404 : 200).end(blob);
	}
}

async function login(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
	const form = Object.fromEntries(new URLSearchParams(await text(request)));
	const isRight =
		form["grant_type"] === "client_credentials" &&
		form["client_id"] === CLIENT &&
		form["client_assertion_type"] === "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" &&
		form["client_assertion"] === "github-says-so" &&
		form["scope"] === "https://storage.azure.com/.default";
	if (world.refusal !== undefined) json(response, 401, { error: "invalid_client", error_description: world.refusal });
	else json(response, isRight ? 200 : 400, { token_type: "Bearer", expires_in: 3599, access_token: world.token });
}

/** As "List workflow runs for a repository": a page of them. */
function runs({ runs: all }: World, query: URLSearchParams, response: ServerResponse): void {
	if (typeof all === "number") {
		json(response, all, { message: "Resource not accessible by integration" });
		return;
	}
	const size = Number(query.get("per_page"));
	const start = (Number(query.get("page")) - 1) * size;
	const page = all.slice(start, start + size).map((run) => ({
		path: ".github/workflows/train_model.yml",
		status: "completed",
		conclusion: "success",
		event: query.get("event"),
		...run,
	}));
	json(response, 200, { total_count: all.length, workflow_runs: page });
}

function json(response: ServerResponse, status: number, body: object): void {
	response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** As Entra's for Azure Storage; Azurite looks at everything but the signature. */
function accessToken(): string {
	const now = Math.floor(Date.now() / 1000);
	const iss = `https://sts.windows.net/${TENANT}/`;
	const claims = { aud: "https://storage.azure.com", iss, iat: now - 60, nbf: now - 60, exp: now + 3600 };
	const parts = [{ alg: "RS256", typ: "JWT" }, claims].map((part) =>
		Buffer.from(JSON.stringify(part)).toString("base64url"),
	);
	return [...parts, "unsigned"].join(".");
}

function certificate() {
	const altNames = [{ type: 7 as const, ip: "127.0.0.1" }];
	return generate([{ name: "commonName", value: "127.0.0.1" }], {
		algorithm: "sha256",
		extensions: [{ name: "subjectAltName", altNames }],
	});
}
