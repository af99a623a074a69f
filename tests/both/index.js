// All tests that run in both hosts, by subject and name.

import { ahKv } from "./a-h-kv.js";
import { clocks } from "./clocks.js";
import { entries } from "./entries.js";
import { eviction } from "./eviction.js";
import { garbage } from "./garbage.js";
import { getOrSet } from "./get-or-set.js";
import { globalStore } from "./global.js";
import { iterators } from "./iterators.js";
import { lifetimes } from "./lifetimes.js";
import { lokstra } from "./lokstra.js";
import { namedStores } from "./named-stores.js";
import { ocFetcher } from "./oc-fetcher.js";
import { prefixes } from "./prefixes.js";
import { serializers } from "./serializers.js";
import { update } from "./update.js";

export const subjects = {
  serializers,
  getOrSet,
  update,
  entries,
  prefixes,
  clocks,
  eviction,
  lifetimes,
  garbage,
  iterators,
  "the global store": globalStore,
  "named stores": namedStores,
  lokstra,
  "oc-fetcher": ocFetcher,
  "a-h/kv": ahKv,
};
