/** Looks for runs must not use a fault up that is meant for a dispatch. */
const DISPATCH = { calls: "dispatches" } as const;

/** What the stand-in can be told to do, as the button offers it; see `docs/local.md`, "Faults". */
export const FAULTS: readonly { readonly title: string; readonly script: Readonly<Record<string, unknown>> }[] = [
	{ title: "be down for 2 calls (503)", script: { ...DISPATCH, status: 503, times: 2 } },
	{ title: "be down until repaired (503)", script: { status: 503, times: 1_000 } },
	{
		title: "ask to slow down for 20 s (403)",
		script: {
			...DISPATCH,
			status: 403,
			headers: { "retry-after": "20" },
			body: { message: "You have exceeded a secondary rate limit." },
		},
	},
	{ title: "refuse the token until repaired (401)", script: { status: 401, times: 1_000 } },
	{ title: "not know the repository until repaired (404)", script: { status: 404, times: 1_000 } },
	{ title: "refuse one request for good (422)", script: { ...DISPATCH, status: 422 } },
	{ title: "answer 4 s late", script: { ...DISPATCH, delayMs: 4_000 } },
	{ title: "never answer one call", script: { ...DISPATCH, hang: true } },
	{ title: "lose the answer to one call", script: { ...DISPATCH, cut: "after" } },
];

/**
 * Copies of a sample that no bridge has seen: each with an id of its own, and of now.
 * @param now epoch milliseconds
 */
export function freshEvents(
	sample: Readonly<Record<string, unknown>>,
	count: number,
	now: () => number,
	newId: () => string,
): readonly Readonly<Record<string, unknown>>[] {
	return Array.from({ length: count }, () => ({ ...sample, id: newId(), time: new Date(now()).toISOString() }));
}
