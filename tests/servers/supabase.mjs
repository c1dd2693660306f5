// Supabase's Storage (and Auth) from @supabase/lite on a real Postgres, on loopback:
// node supabase.mjs PORT POSTGRES_URL SERVICE_ROLE_KEY FOLDER
// Mends where it differs from Supabase: a moment has a whole time zone; the field `signedUrl` is called `signedURL` and is a path below
// /storage/v1; a signed link names the file it gives; a request for a range is answered with that range (unless it asks for `x-no-ranges`).
import { createWriteStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { createHash, randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { serve } from "@hono/node-server";
import { App, setExperimental } from "@supabase/lite";
import { PostgresConnection } from "@supabase/lite/postgres";

const [port, url, secretKey, folder] = process.argv.slice(2);
setExperimental?.("storage", true);

// As on Supabase, each upload is a version of its own with an entity tag of its own, and readers keep the one they began.
class Files {
  driver = null;
  #path(bucket, key) {
    return join(folder, createHash("sha256").update(`${bucket}/${key}`).digest("hex"));
  }
  #metadata({ size, mtime, mtimeMs, ino }) {
    const eTag = `"${ino.toString(16)}-${mtimeMs.toString(16)}"`;
    return { cacheControl: "no-cache", contentLength: size, size, mimetype: "", lastModified: mtime, eTag };
  }
  async uploadObject(bucket, key, version, body, mimetype) {
    const path = this.#path(bucket, key);
    await mkdir(dirname(path), { recursive: true });
    const bytes = body instanceof Uint8Array ? Readable.from([body]) : Readable.from(body);
    const aside = `${path}.${randomUUID()}`;
    await pipeline(bytes, createWriteStream(aside));
    const metadata = this.#metadata(await stat(aside));
    await rename(aside, path);
    return { ...metadata, mimetype };
  }
  async getObject(bucket, key, version) {
    const file = await open(this.#path(bucket, key));
    return { metadata: this.#metadata(await file.stat()), httpStatusCode: 200, body: Readable.toWeb(file.createReadStream()) };
  }
  async headObject(bucket, key, version) {
    return this.#metadata(await stat(this.#path(bucket, key)));
  }
  async deleteObject(bucket, key, version) {
    await rm(this.#path(bucket, key), { force: true });
  }
  async deleteObjects() {}
}

const app = new App({
  connection: new PostgresConnection({ url }),
  auth: { enabled: true, secret_key: secretKey, jwt_secret: "a secret of at least thirty-two characters" },
  storage: { enabled: true, file_size_limit: "4GiB" },
});
app._storageAdapter = new Files();
await app.init();
await app.ensureSystemSchema();

// One level of a folder, as Supabase lists it: files by their own names, and folders without an id.
async function listed(request) {
  const { prefix = "", limit = 100, offset = 0 } = await request.clone().json();
  const all = { prefix, limit: 100000, offset: 0 };
  const given = await app.server.fetch(new Request(request, { body: JSON.stringify(all) }));
  if (!given.ok) return given;
  const below = prefix ? `${prefix.replace(/\/$/, "")}/` : "";
  const level = new Map();
  for (const file of await given.json()) {
    if (!file.name.startsWith(below)) continue;
    const [name, ...rest] = file.name.slice(below.length).split("/");
    level.set(name, rest.length ? { name, id: null, metadata: null } : { ...file, name });
  }
  const sorted = [...level.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  return Response.json(sorted.slice(offset, offset + limit));
}

async function mended(given) {
  const text = (await given.text()).replace(/(\d\d:\d\d:\d\d(?:\.\d+)?\+00)"/g, '$1:00"');
  const headers = new Headers(given.headers);
  headers.delete("content-length");
  return new Response(text, { status: given.status, headers });
}

async function answer(request) {
  const { pathname, searchParams } = new URL(request.url);
  if (request.method === "POST" && pathname.includes("/object/list/")) return listed(request);
  const given = await app.server.fetch(request);
  if (request.method === "POST" && pathname.includes("/object/sign/") && given.ok) {
    const said = await given.json();
    return Response.json({ signedURL: (said.signedURL ?? said.signedUrl).replace("/storage/v1/", "/") });
  }
  if (request.method === "GET" && pathname.includes("/object/info/") && given.ok) {
    const said = await given.json();
    return Response.json({ ...said, size: said.size ?? said.metadata.size });
  }
  if (pathname.startsWith("/storage/v1/bucket") || pathname.startsWith("/auth/")) return mended(given);
  if (request.method !== "GET" || !pathname.includes("/object/") || !given.ok) return given;
  const headers = new Headers(given.headers);
  const name = searchParams.get("download");
  if (name) headers.set("content-disposition", `attachment; filename*=UTF-8''${encodeURIComponent(name)}`);
  const asked = /^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "");
  if (!asked || !folder.endsWith("ranges")) return new Response(given.body, { status: 200, headers });
  const start = Number(asked[1]);
  const size = Number(headers.get("content-length"));
  let skipped = 0;
  const rest = new TransformStream({
    transform(chunk, controller) {
      const cut = Math.min(chunk.byteLength, Math.max(0, start - skipped));
      skipped += cut;
      if (cut < chunk.byteLength) controller.enqueue(chunk.subarray(cut));
    },
  });
  headers.set("content-range", `bytes ${start}-${size - 1}/${size}`);
  headers.set("content-length", String(size - start));
  return new Response(given.body.pipeThrough(rest), { status: 206, headers });
}

serve({ fetch: answer, port: Number(port), hostname: "127.0.0.1" });
