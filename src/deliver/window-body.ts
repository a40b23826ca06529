import { toClientPayload } from "../dispatch/client-payload.ts";
import { toDispatchRequest } from "../dispatch/dispatch-request.ts";
import { readJson } from "../json.ts";
import type { WindowDispatch } from "../ledger/close-window.ts";

/** Events are sent along only where they fit for certain; then the manifest need not be read. */
const MAX_INLINE_BYTES = 60 * 1024;

/**
 * The body of a window's one dispatch: that of an event whose data sums the gathered ones up, and holds them if they
 * fit, or says where they are.
 * @param version of grid-dispatch
 */
export function windowBody({ key, route, to, summary, lines, manifest }: WindowDispatch, version: string): string {
	const withData = (more: object) => {
		const event = { ...summary, id: key, attributes: {}, data: { ...summary.data, ...more } };
		return toDispatchRequest(to, toClientPayload(event, { version, route, key }));
	};
	if (manifest.bytes <= MAX_INLINE_BYTES) {
		const whole = withData({ events: lines.map(readJson) });
		if (whole.ok) return whole.request.body;
	}
	const built = withData({ manifest });
	if (built.ok) return built.request.body;
	// Only the texts of the events themselves can be so long; the manifest has them.
	const { type, time, data } = summary;
	const least = { type, time, source: "", subject: "", id: key, attributes: {} };
	const { sample: _, ...counts } = data;
	const reduced = toDispatchRequest(
		to,
		toClientPayload({ ...least, data: { ...counts, sample: [], manifest } }, { version, route, key }),
	);
	if (!reduced.ok) throw new Error(reduced.reason);
	return reduced.request.body;
}
