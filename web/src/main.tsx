// SPDX-License-Identifier: GPL-2.0-or-later
import { render } from "preact";
import { App } from "./app/app";
import { prepareSaid } from "./parts/said";
import "./style/tokens.css";
import "./style/base.css";
import "./style/parts.css";
import "./style/screens.css";
import "./style/pages.css";

prepareSaid();
const root = document.getElementById("app");
if (root)
	render(<App />, root);
