// Supabase Auth from @supabase/lite on a real Postgres, on loopback:
// node supabase_auth.mjs PORT POSTGRES_URL PUBLISHABLE_KEY JWT_SECRET
// Mends where it differs from Supabase: a moment has a whole time zone; an access token names its issuer, and is
// signed with a key of which the public half is given out.
import { serve } from "@hono/node-server";
import { App } from "@supabase/lite";
import { PostgresConnection } from "@supabase/lite/postgres";
import { SignJWT, decodeJwt, exportJWK, generateKeyPair } from "jose";

const [port, url, publishableKey, jwtSecret] = process.argv.slice(2);
const app = new App({
  connection: new PostgresConnection({ url }),
  auth: { enabled: true, publishable_key: publishableKey, jwt_secret: jwtSecret, site_url: `http://127.0.0.1:${port}` },
});
await app.init();
await app.ensureSystemSchema();

const header = { alg: "ES256", kid: "the-only-one", typ: "JWT" };
const { publicKey, privateKey } = await generateKeyPair("ES256");
const keys = { keys: [{ ...(await exportJWK(publicKey)), alg: "ES256", kid: header.kid, use: "sig" }] };
const given = new Map(); // what we gave out: what the package gave

async function mended(token) {
  const claims = { ...decodeJwt(token), iss: `http://127.0.0.1:${port}/auth/v1`, is_anonymous: false };
  const ours = await new SignJWT(claims).setProtectedHeader(header).sign(privateKey);
  given.set(ours, token);
  return ours;
}

async function answer(request) {
  if (new URL(request.url).pathname === "/auth/v1/.well-known/jwks.json") return Response.json(keys);
  const headers = new Headers(request.headers);
  const bearer = headers.get("authorization")?.replace(/^Bearer /, "");
  if (given.has(bearer)) headers.set("authorization", `Bearer ${given.get(bearer)}`);
  const answered = await app.server.fetch(new Request(request, { headers }));
  if (answered.status === 204) return answered;
  const said = JSON.parse((await answered.text()).replace(/(\d\d:\d\d:\d\d(?:\.\d+)?\+00)"/g, '$1:00"'));
  if (said.access_token) said.access_token = await mended(said.access_token);
  return Response.json(said, { status: answered.status });
}

serve({ fetch: answer, port: Number(port), hostname: "127.0.0.1" });
