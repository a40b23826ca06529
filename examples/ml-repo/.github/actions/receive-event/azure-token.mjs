// A token for Azure Storage, without a secret: GitHub vouches for the run, and Entra trusts GitHub.
// Source: learn.microsoft.com, "OAuth 2.0 client credentials flow", third case: a federated credential.
import { askJson, safeUrl } from "./http.mjs";
import { command, input, quoted, Refused } from "./runner.mjs";

const AUDIENCE = "api://AzureADTokenExchange";
const SCOPE = "https://storage.azure.com/.default";

/**
 * @param env the inputs `client-id`, `tenant-id` and `authority`, and what the runner sets with `id-token: write`
 * @returns an access token that the log does not show
 */
export async function storageToken(env) {
	const clientId = identifier(env, "client-id");
	const tenantId = identifier(env, "tenant-id");
	const authority = safeUrl(input(env, "authority"), "the input authority", env);
	const assertion = await githubToken(env);
	const form = new URLSearchParams({
		grant_type: "client_credentials",
		client_id: clientId,
		client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
		client_assertion: assertion,
		scope: SCOPE,
	});
	const url = new URL(`/${tenantId}/oauth2/v2.0/token`, authority);
	const { status, body } = await askJson(url, { method: "POST", body: form }, "Entra");
	if (status !== 200 || typeof body.access_token !== "string") {
		const why = typeof body.error_description === "string" ? body.error_description.split(/[\r\n]/)[0] : "no token";
		throw new Refused(
			`Entra refuses the login (${status}): ${quoted(why)}. The identity needs a federated credential for this repository and branch`,
		);
	}
	command("add-mask", body.access_token);
	return body.access_token;
}

/** GitHub's own word for which run this is. */
async function githubToken(env) {
	const { ACTIONS_ID_TOKEN_REQUEST_URL: address, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = env;
	if (!address || !token)
		throw new Refused("the job may not ask for an OIDC token: give it the permission id-token: write");
	const url = safeUrl(address, "ACTIONS_ID_TOKEN_REQUEST_URL", env);
	url.searchParams.set("audience", AUDIENCE);
	const { status, body } = await askJson(
		url,
		{ headers: { authorization: `bearer ${token}` } },
		"GitHub's OIDC service",
	);
	if (status !== 200 || typeof body.value !== "string") throw new Refused(`GitHub gives no OIDC token out (${status})`);
	command("add-mask", body.value);
	return body.value;
}

/** A GUID, or the domain name of a tenant: nothing that changes the path that it becomes a part of. */
function identifier(env, name) {
	const value = input(env, name);
	if (value === "") throw new Refused(`a part of this event lies in a blob, and reading it takes the input ${name}`);
	if (!/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(value)) throw new Refused(`the input ${name} is no id: ${quoted(value)}`);
	return value;
}
