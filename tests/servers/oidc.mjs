// An OpenID Connect provider on loopback: node oidc.mjs PORT CLIENT_ID CLIENT_SECRET REDIRECT_URI…
// Whoever gives a name at its form is signed in as that; no password is looked at. `unproven-…` has no verified address.
import { Provider } from "oidc-provider";

const [port, clientId, clientSecret, ...redirectUris] = process.argv.slice(2);
const client = {
  client_id: clientId,
  client_secret: clientSecret,
  redirect_uris: redirectUris,
  grant_types: ["authorization_code"],
  response_types: ["code"],
};

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [client],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  conformIdTokenClaims: false, // names and addresses are in the ID token itself
  pkce: { required: () => true },
  async findAccount(_, id) {
    const claims = { sub: id, name: id[0].toUpperCase() + id.slice(1), email: `${id}@example.org` };
    return { accountId: id, claims: async () => ({ ...claims, email_verified: !id.startsWith("unproven") }) };
  },
});
provider.listen(Number(port), "127.0.0.1");
