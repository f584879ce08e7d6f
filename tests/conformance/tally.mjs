// Counts what the conformance suite wrote, and says how two runs of it differ.
//   tally.mjs measure RESULTS LEG...             prints a baseline as JSON
//   tally.mjs compare "LEG..." DIRECT GATE       exits 1 unless all is as it should be
//
// All is as it should be when the direct run equals baseline-ts.json, so that the suite is known to have
// run whole, and the run through the gate equals the direct run in every scenario but those that
// ../conformance.skip names.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const only = process.env.SCENARIO;
const inHere = name => join(import.meta.dirname, name);

// A result folder is `server-<scenario>-<time>`; the time begins at the first `-20yy-`.
const scenarioOf = folder => /^(?:server-)?(.+?)-20\d\d-\d\d-\d\dT/.exec(folder)?.[1];

function tally(folder) {
  const scenarios = {};
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const file = join(folder, name, 'checks.json');
    if (!existsSync(file)) continue;
    const counts = (scenarios[scenarioOf(name)] = { passed: 0, failed: 0, warned: 0, failing: [] });
    for (const { id, status } of JSON.parse(readFileSync(file, 'utf8'))) {
      if (status === 'SUCCESS') counts.passed += 1;
      if (status === 'WARNING') counts.warned += 1;
      if (status === 'FAILURE') counts.failed += 1, counts.failing.push(id);
    }
    counts.failing.sort();
  }
  const log = join(folder, 'run.log');
  for (const [, name, reason] of existsSync(log) ? readFileSync(log, 'utf8').matchAll(/^ +[✓✗] (\S+) \((.+)\)$/gm) : []) {
    if (scenarios[name]) scenarios[name].unscored = reason;
  }
  return scenarios;
}

const sum = (scenarios, what) => Object.values(scenarios).reduce((total, counts) => total + counts[what], 0);
const totals = scenarios => `${sum(scenarios, 'passed')} passed, ${sum(scenarios, 'failed')} failed`;
const shown = counts => (counts ? `${counts.passed} passed, ${counts.failed} failed, ${counts.warned} warned` : 'did not run');

/// Every scenario whose verdict is another, with the ids of the checks that fail on one side only.
function differences(now, then) {
  const found = new Map();
  for (const name of new Set([...Object.keys(then), ...Object.keys(now)])) {
    if (only && name !== only) continue;
    const [before, after] = [then[name], now[name]];
    const ids = [...new Set([...(before?.failing ?? []), ...(after?.failing ?? [])])];
    const times = (counts, id) => counts?.failing.filter(it => it === id).length ?? 0;
    const moved = ids.filter(id => times(before, id) !== times(after, id));
    if (shown(before) === shown(after) && !moved.length) continue;
    found.set(name, `${shown(before)} -> ${shown(after)}${moved.length ? ` (${moved.join(', ')})` : ''}`);
  }
  return found;
}

/// The lines `LEG SCENARIO: reason` of the list of known differences.
function known() {
  const lines = readFileSync(inHere('../conformance.skip'), 'utf8').split('\n').filter(line => line && !line.startsWith('#'));
  return lines.map(line => {
    const read = /^(\S+) (\S+): \S/.exec(line);
    if (!read) throw new Error(`conformance.skip: \`${line}\` is not LEG SCENARIO: reason`);
    return `${read[1]} ${read[2]}`;
  });
}

function measure(results, legs) {
  const baseline = Object.fromEntries(legs.map(leg => {
    const scenarios = tally(join(results, leg));
    return [leg, { passed: sum(scenarios, 'passed'), failed: sum(scenarios, 'failed'), warned: sum(scenarios, 'warned'), scenarios }];
  }));
  // One scenario a line: easy to read and to compare.
  return JSON.stringify(baseline, null, 1).replace(/\{\s+("passed": \d+),\s+("failed": \d+),\s+("warned": \d+),\s+"failing": (\[[^\]]*\])(?:,\s+("unscored": "[^"]*"))?\s+\}/g,
    (_, passed, failed, warned, failing, unscored) => `{ ${[passed, failed, warned, `"failing": ${failing.replace(/\s+/g, ' ')}`, unscored].filter(Boolean).join(', ')} }`);
}

function compare(legs, direct, gate) {
  const baseline = JSON.parse(readFileSync(inHere('baseline-ts.json'), 'utf8'));
  const skipped = new Set(known());
  let wrong = 0;
  const complain = line => (console.log(line), wrong += 1);
  for (const leg of legs) {
    const [bare, gated] = [tally(join(direct, leg)), tally(join(gate, leg))];
    console.log(`conformance ${leg}: direct ${totals(bare)}; through the gate ${totals(gated)}`);
    for (const [name, change] of differences(bare, baseline[leg].scenarios)) complain(`  not as the baseline  ${name}: ${change}`);
    const differing = differences(gated, bare);
    for (const [name, change] of differing) {
      if (skipped.has(`${leg} ${name}`)) console.log(`  known to differ  ${name}: ${change}`);
      else complain(`  differs through the gate  ${name}: ${change}`);
    }
    for (const entry of only ? [] : skipped) {
      const [where, name] = entry.split(' ');
      if (where === leg && !differing.has(name)) complain(`  no longer differs: take \`${entry}\` out of conformance.skip`);
    }
  }
  return wrong ? 1 : 0;
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === 'measure') console.log(measure(rest[0], rest.slice(1)));
else if (mode === 'compare') process.exitCode = compare(rest[0].split(' '), rest[1], rest[2]);
else throw new Error('usage: tally.mjs measure RESULTS LEG... | compare "LEG..." DIRECT GATE');
