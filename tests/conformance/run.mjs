// Runs the public HTTP cache test suite (npm: http-cache-tests) against a base URL.
//
// usage: node run.mjs SUITE_FOLDER BASE_URL SKIP_FILE [ID...]
// The last line of stdout is JSON: { "ID": { "kind": "required", "pass": true, "detail": "" } }.
// What these results mean is main.rs's business.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [suite, base, skipFile, ...only] = process.argv.slice(2)
const load = path => import(pathToFileURL(join(suite, path)).href)

// The suite's own copy: its tests rely on what that version does with header fields.
const fetch = createRequire(join(suite, 'cli.mjs'))('node-fetch')
const { runTests, getResults } = await load('client/runner.mjs')
const groups = (await load('tests/index.mjs')).default
const surrogate = (await load('tests/surrogate-control.mjs')).default

const skipped = new Set(readFileSync(skipFile, 'utf8').split('\n').map(line => line.trim()).filter(line => line && !line.startsWith('#')))
const wanted = ({ id }) => !skipped.has(id) && (only.length === 0 || only.includes(id))
const selected = [...groups, surrogate].map(group => ({ ...group, tests: group.tests.filter(wanted) }))

await runTests(selected, fetch, false, base)

const results = getResults()
const report = {}
for (const { id, kind = 'required' } of selected.flatMap(group => group.tests)) {
  const result = results[id]
  // Tests for browsers alone have no result.
  if (result === undefined) continue
  report[id] = { kind, pass: result === true, detail: result === true ? '' : result.join(': ') }
}
console.log(JSON.stringify(report))
process.exit(0)
