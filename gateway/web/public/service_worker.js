// Keeps the page's own files, so that conversations can be read while the gateway is away. What the gateway answers is
// never kept.
const CACHE = "page";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  const { origin, pathname } = new URL(url);
  const isPage =
    pathname === "/" || pathname.startsWith("/assets/") || /^\/(icon|manifest)\./.test(pathname);
  if (method !== "GET" || origin !== self.location.origin || !isPage) return;
  event.respondWith(fromNetwork(event.request));
});

/** The network's answer, which is kept; the kept one where there is no network. */
async function fromNetwork(request) {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(request);
    if (kept !== undefined) return kept;
    throw error;
  }
}
