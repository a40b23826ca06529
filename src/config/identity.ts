import type { Settings } from "./settings.ts";

/** As whom Azure's services are called. */
export interface Identity {
	/** The client id of a user-assigned identity; left out, the system-assigned one. */
	readonly clientId?: string;
	/** Whether this runs where Azure hands out managed identities; elsewhere it is whoever has run `az login`. */
	readonly managedIdentity: boolean;
}

/** @param clientIdSetting the setting that holds the client id of a user-assigned identity */
export function readIdentity(settings: Settings, clientIdSetting: string): Identity {
	const clientId = settings.get(clientIdSetting);
	// Azure sets IDENTITY_ENDPOINT wherever it hands out managed identities.
	const managedIdentity = settings.get("IDENTITY_ENDPOINT") !== undefined;
	return { managedIdentity, ...(clientId === undefined ? {} : { clientId }) };
}
