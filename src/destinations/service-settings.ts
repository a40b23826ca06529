import { isLoopback, type Settings } from "../config/settings.ts";
import { type Limit, parsePace } from "../ledger/pace.ts";
import type { Route } from "../route/route.ts";
import type { Policy } from "./destination.ts";

/** The settings of a service: PREFIX_PACE and PREFIX_CONCURRENCY. */
export function readSpeed(
	settings: Settings,
	prefix: string,
	usualPace: readonly Limit[],
): Pick<Policy, "limits" | "concurrency"> {
	return {
		limits: readPace(settings, `${prefix}_PACE`, usualPace),
		concurrency: settings.number(`${prefix}_CONCURRENCY`, 1, { from: 1, to: 50, whole: true }),
	};
}

function readPace(settings: Settings, setting: string, usual: readonly Limit[]): readonly Limit[] {
	const text = settings.get(setting);
	const limits = text === undefined ? usual : parsePace(text);
	if (typeof limits !== "string") return limits;
	settings.refuse(setting, limits);
	return usual;
}

/**
 * Stands for an address that was refused. Where no route leads to a service, its problems do not stop the bridge, and what
 * waits for it is still tried: it must not go to such an address, which may lead elsewhere or contain a password. No name
 * below `.invalid` exists. Source: RFC 2606.
 */
const REFUSED = "https://address-was-refused.invalid";

/**
 * The address of a service. Lanes record it in this form.
 * @param example what to write in its place
 * @param findProblem why an address certainly leads elsewhere, with the right one. A stand-in on this machine has no problem
 * @returns without a slash at its end; undefined where it is not set
 */
export function readAddress(
	settings: Settings,
	setting: string,
	example: string,
	findProblem: (url: URL, path: string) => string | undefined = () => undefined,
): string | undefined {
	const text = settings.get(setting);
	if (text === undefined) return undefined;
	const url = settings.url(setting, text, example);
	if (url === undefined) return REFUSED;
	const path = url.pathname.replace(/\/+$/, "");
	const problem = isLoopback(url) ? undefined : findProblem(url, path);
	if (problem === undefined) return url.origin + path;
	settings.refuse(setting, `"${url.origin}${path}" ${problem}`);
	return REFUSED;
}

/** Whether an address is on this machine. Only a stand-in sees what is sent there. */
export function isLocal(address: string): boolean {
	return isLoopback(new URL(address));
}

/** Whether an address has pages for a person. A stand-in on this machine has none. */
export function hasPages(address: string): boolean {
	return !isLocal(address) && address !== REFUSED;
}

/** A token in a setting, for local work. */
export function readToken(settings: Settings, setting: string): string | undefined {
	const token = settings.get(setting);
	if (/\s/.test(token ?? "")) settings.refuse(setting, "has white space inside; paste the token alone");
	return token;
}

/** Without a vault there is one token for all routes. This is enough only if nothing but a stand-in sees the token. */
export function refuseNamedTokens(
	settings: Settings,
	routes: readonly Route[],
	{ setting, address }: { readonly setting: string; readonly address: string },
): void {
	for (const { name, to } of routes) {
		if (to.token === undefined) continue;
		const unread = `route "${name}": its token "${to.token}" is not read, because ${setting} is on this machine`;
		const missing = `is not set, but the route "${name}" reads its token from the secret "${to.token}"; give it the address of that key vault`;
		if (isLocal(address)) settings.warnings.push(unread);
		else settings.refuse("KEY_VAULT_URL", missing);
	}
}
