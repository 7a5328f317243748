// SPDX-License-Identifier: GPL-2.0-or-later
/* openapi.cjs MODULES FILE: the description of an API, judged by @apidevtools/swagger-parser
 * against the schema of OpenAPI 3.1. Prints how many paths it has, or what is wrong. */
const parser = require(process.argv[2] + "/node_modules/@apidevtools/swagger-parser");

parser.validate(process.argv[3]).then(
	(api) => console.log(JSON.stringify({ paths: Object.keys(api.paths).length })),
	(error) => {
		console.log(JSON.stringify({ error: String(error) }));
		process.exit(1);
	},
);
