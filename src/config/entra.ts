import { isProtected } from "./entra-settings.ts";
import type { SenderCheck, Surroundings } from "./entra-token.ts";
import { once } from "./once.ts";
import type { Env } from "./settings.ts";

/**
 * The check of the webhook's senders; undefined where no setting asks for one. The library that verifies tokens is
 * loaded with the first request, so that a start without Entra does not pay for it.
 */
export function openSenderCheck(env: Env, surroundings: Surroundings): SenderCheck | undefined {
	if (!isProtected(env)) return undefined;
	const load = once(async () => (await import("./entra-token.ts")).createSenderCheck(env, surroundings));
	return async (authorization) => {
		try {
			return await (await load())(authorization);
		} catch (error) {
			const reason = `the check of tokens could not be loaded: ${(error as Error).message}`;
			return { ok: false, status: 503, reason };
		}
	};
}
