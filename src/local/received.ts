import type { DispatchBody } from "./github-rules.ts";

/** A dispatch that the stand-in has taken, as `GET /_received` lists it. */
export interface Received extends DispatchBody {
	/** ISO 8601. */
	readonly at: string;
	/** owner/name */
	readonly repository: string;
	/** Of the request, without the credentials. */
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}
