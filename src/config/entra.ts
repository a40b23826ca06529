import type { Surroundings } from "./entra-keys.ts";
import { isProtected } from "./entra-settings.ts";
import type { SenderCheck } from "./entra-token.ts";
import type { Env } from "./settings.ts";

/**
 * The check of the webhook's senders; undefined where no setting asks for one. The library that verifies tokens is
 * loaded with the first request, so that a start without Entra does not pay for it.
 */
export function openSenderCheck(env: Env, surroundings: Surroundings): SenderCheck | undefined {
	if (!isProtected(env)) return undefined;
	let check: Promise<SenderCheck> | undefined;
	return async (authorization) => {
		check ??= import("./entra-token.ts").then((loaded) => loaded.createSenderCheck(env, surroundings));
		return (await check)(authorization);
	};
}
