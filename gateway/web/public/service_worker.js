// Keeps the page's own files, so that conversations can be read while the gateway is away. What the gateway answers is
// never kept.
const CACHE = "page";
const FILE = /\/(?:assets\/|icon\.|manifest\.)[\w.-]+/g;

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(fetch("/").then(keep));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  const { origin, pathname } = new URL(url);
  const isFile = pathname.match(FILE)?.[0] === pathname;
  if (method !== "GET" || origin !== self.location.origin || !(isFile || pathname === "/")) return;
  const answer = fetch(event.request).catch((error) => kept(pathname, error));
  event.respondWith(answer.then((response) => response.clone()));
  if (pathname !== "/") return;
  // Where there is no room for another version, the one that is kept stays.
  event.waitUntil(answer.then(keep).catch(() => {}));
});

async function kept(pathname, error) {
  const response = await caches.match(pathname);
  if (response === undefined) throw error;
  return response;
}

/** Keeps the page with all files that it names, and lets go of those that it named before. */
async function keep(page) {
  if (!page.ok) return;
  const cache = await caches.open(CACHE);
  const names = new Set(["/"]);
  const keepFile = async (name) => {
    if (names.has(name)) return;
    names.add(name);
    // An asset with the same name is the same.
    const known = name.startsWith("/assets/") ? await cache.match(name) : undefined;
    const file = known ?? (await fetch(name));
    if (!file.ok) throw new Error(`Cannot keep ${name} as it must be there: status ${file.status}`);
    if (name.endsWith(".js")) await keepNamed(await file.clone().text());
    if (known === undefined) await cache.put(name, file);
  };
  const keepNamed = async (text) => {
    for (const [name] of text.matchAll(FILE)) await keepFile(name);
  };
  await keepNamed(await page.clone().text());
  await cache.put("/", page);
  for (const { url } of await cache.keys()) {
    if (!names.has(new URL(url).pathname)) await cache.delete(url);
  }
}
