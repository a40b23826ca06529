import { useRef, useState } from "preact/hooks";
import type { KeyRing } from "./key-ring.ts";

export interface KeyFormProps {
	readonly keys: KeyRing;
	/** Why a key was not taken. */
	readonly problem: string | undefined;
	readonly onDone: () => void;
}

/** Asks for the function keys. What is typed goes into the tab's own storage, and from there into a header. */
export function KeyForm({ keys, problem, onDone }: KeyFormProps) {
	const receipts = useRef<HTMLInputElement>(null);
	const replay = useRef<HTMLInputElement>(null);
	const [has, setHas] = useState(keys.get("receipts") !== undefined);

	function use(event: Event): void {
		event.preventDefault();
		for (const [name, input] of [["receipts", receipts.current] as const, ["replay", replay.current] as const]) {
			const typed = input?.value.trim() ?? "";
			if (typed !== "") keys.set(name, typed);
			if (input !== null) input.value = "";
		}
		setHas(keys.get("receipts") !== undefined);
		onDone();
	}

	function forget(): void {
		keys.forget();
		setHas(false);
		onDone();
	}

	return (
		<form class="card keys" aria-labelledby="keys-title" onSubmit={use}>
			<h2 id="keys-title">Function keys</h2>
			<p>
				Receipts lease what events say, so they are behind the function key of <code>receipts</code>. It stays in this
				tab, goes to this host in a header, and is gone with the tab.
			</p>
			{problem !== undefined && <p class="problem">{problem}</p>}
			<label>
				Key of <code>receipts</code>
				<input ref={receipts} type="password" autocomplete="off" spellcheck={false} required={!has} />
			</label>
			<label>
				Key of <code>replay</code>, if dead letters are to be replayed
				<input ref={replay} type="password" autocomplete="off" spellcheck={false} />
			</label>
			<div class="buttons">
				<button type="submit">Use</button>
				{has && (
					<button type="button" class="quiet" onClick={forget}>
						Forget
					</button>
				)}
			</div>
		</form>
	);
}
