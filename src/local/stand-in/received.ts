/**
 * A dispatch that the stand-in has taken, as `GET /_received` lists it: the place that its path named, and the members of
 * its body. A repository dispatch has an `event_type`, a workflow dispatch a `workflow`, and a run of Azure Pipelines a
 * `pipeline`.
 */
export interface Received {
	/** ISO 8601. */
	readonly at: string;
	/** owner/name */
	readonly repository?: string;
	readonly event_type?: string;
	readonly client_payload?: Readonly<Record<string, unknown>>;
	/** The workflow's file. */
	readonly workflow?: string;
	readonly ref?: string;
	readonly inputs?: Readonly<Record<string, unknown>>;
	readonly organization?: string;
	readonly project?: string;
	/** The pipeline's id. */
	readonly pipeline?: number;
	readonly resources?: { readonly repositories?: { readonly self?: { readonly refName?: string } } };
	readonly templateParameters?: Readonly<Record<string, unknown>>;
	/** Of the request, without the credentials. */
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

type Body = Pick<Received, "client_payload" | "inputs" | "templateParameters">;

/** The names under which an input or a parameter is taken for the bridge's key. */
const KEY_NAMES = ["bridge_key", "bridgeKey", "key"];

/** `bridge.key` of a dispatch's body: of its payload, or of the input or parameter that carries it. */
export function keyOf({ client_payload, inputs, templateParameters }: Body): string | undefined {
	const bridge = client_payload?.["bridge"] as { readonly key?: unknown } | null | undefined;
	const given = { ...templateParameters, ...inputs };
	const key = [bridge?.key, ...KEY_NAMES.map((name) => given[name])].find((one) => typeof one === "string");
	return key as string | undefined;
}
