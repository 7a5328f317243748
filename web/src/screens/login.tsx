// SPDX-License-Identifier: GPL-2.0-or-later
import { useState } from "preact/hooks";
import type { Problem } from "../api/client";
import { login } from "../app/session";
import { t } from "../i18n";
import { Field } from "../parts/field";
import { Button, Card, Trouble } from "../parts/parts";

export function Login() {
	const [user, setUser] = useState("owner");
	const [password, setPassword] = useState("");
	const [problem, setProblem] = useState<Problem | null>(null);
	const go = async () => {
		const p = await login(user.trim(), password);
		setProblem(p);
		if (p)
			setPassword("");
	};
	return (
		<div class="door">
			<h1>{t.login.title}</h1>
			<Card>
				<form onSubmit={(e) => e.preventDefault()}>
					<Field label={t.login.user} value={user} onInput={setUser} autocomplete="username"
						maxLength={31} />
					<Field label={t.login.password} type="password" value={password}
						onInput={setPassword} autocomplete="current-password" first maxLength={256} />
					{problem?.status === 401 ?
						<div class="trouble" role="alert"><p><b>{t.login.wrong}</b></p></div> :
						<Trouble problem={problem} />}
					<div class="btns"><Button look="main" type="submit" disabled={!user || !password}
						onClick={go}>{t.login.enter}</Button></div>
				</form>
			</Card>
			<p class="small soft">{t.login.lost} <code>cardea user password</code></p>
		</div>
	);
}
