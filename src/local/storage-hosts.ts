import { isLoopback } from "../config/settings.ts";

const SERVICES = ["blob", "queue", "table"] as const;
/** Where the services of an account are, unless the connection string says otherwise. */
const USUAL_SUFFIX = "core.windows.net";

/**
 * The hosts of a storage account that are not on this machine; undefined for a text that is no connection string. An
 * emulator on its usual ports (`UseDevelopmentStorage=true`) has none.
 * Source: learn.microsoft.com, "Configure Azure Storage connection strings".
 */
export function remoteStorageHosts(connectionString: string): readonly string[] | undefined {
	const settings = new Map(
		connectionString
			.split(";")
			.map((setting) => setting.trim())
			.filter((setting) => setting !== "")
			.map((setting) => {
				const [name = "", ...value] = setting.split("=");
				return [name.trim().toLowerCase(), value.join("=").trim()] as const;
			}),
	);
	const account = settings.get("accountname");
	const proxy = settings.get("developmentstorageproxyuri");
	if (settings.get("usedevelopmentstorage")?.toLowerCase() === "true")
		return remote(proxy === undefined ? [] : [proxy]);
	const suffix = settings.get("endpointsuffix") || USUAL_SUFFIX;
	const endpoints = SERVICES.map(
		(service) =>
			settings.get(`${service}endpoint`) || (account ? `https://${account}.${service}.${suffix}` : undefined),
	);
	return endpoints.some((endpoint) => endpoint === undefined || !URL.canParse(endpoint))
		? undefined
		: remote(endpoints as string[]);
}

function remote(urls: readonly string[]): readonly string[] {
	return urls
		.map((url) => (URL.canParse(url) ? new URL(url) : undefined))
		.filter((url) => url === undefined || !isLoopback(url))
		.map((url) => url?.hostname ?? "an address that cannot be read");
}
