// Nearby places: a sorted set whose scores
// are geohashes.

await kv.del("stations");
await kv.geoadd(
  "stations",
  {
    longitude: 13.3694,
    latitude: 52.5251,
    member: "Hauptbahnhof",
  },
  {
    longitude: 13.4107,
    latitude: 52.5219,
    member: "Alexanderplatz",
  },
  {
    longitude: 13.3323,
    latitude: 52.5073,
    member: "Zoo",
  },
  {
    longitude: 13.0669,
    latitude: 52.3915,
    member: "Potsdam",
  },
);

const gate = {
  longitude: 13.3777,
  latitude: 52.5163,
};
const near = await kv.geosearch(
  "stations",
  gate,
  { radius: 5, unit: "km" },
  { order: "asc", withDist: true },
);
for (const place of near) {
  console.log(
    `${place.member}: ${place.distance.toFixed(1)} km`,
  );
}

console.log(
  "from Zoo to Potsdam:",
  await kv.geodist(
    "stations",
    "Zoo",
    "Potsdam",
    "km",
  ),
);
console.log(
  "the next one:",
  await kv.geosearch(
    "stations",
    gate,
    { radius: 100, unit: "km" },
    { count: 1 },
  ),
);
